import type { KeysOf } from '../check-arguments.ts';
import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
import type { Upload } from '../uploads/upload.ts';
import type { Message, MessageType } from '../wire/conversation.ts';
import type { Media } from '../wire/media.ts';

export interface MessageInput {
  text?: string | undefined;
  /** An upload, finished or not; to forward, a media object that came with a message, or its id. */
  media?: Upload | Media | string | undefined;
  /** Defaults to the kind of the media. */
  type?: MessageType | undefined;
  filename?: string | undefined;
  /** The picture in words. */
  alt?: string | undefined;
  /** `client_message_id`: the same again is the same message. */
  id?: string | undefined;
}

export const MESSAGE_INPUT: KeysOf<MessageInput> = {
  text: true,
  media: true,
  type: true,
  filename: true,
  alt: true,
  id: true,
};

/**
 * `waiting` for its upload, the network or the login. `discarded`: taken back, or deleted by another device before
 * this one heard that it was sent.
 */
export type OutgoingState = 'waiting' | 'sending' | 'sent' | 'failed' | 'discarded';

export interface OutgoingSnapshot {
  state: OutgoingState;
  /** Of the last attempt; final when the state is `failed`. */
  error?: ClaimcheckError | undefined;
  /** Once it is sent. */
  message?: Message | undefined;
  /** Of its media, while there are bytes to send. */
  upload?: Upload | undefined;
}

/** A message that is shown before the server has it, and goes out when it can, after a reload too. */
export interface OutgoingMessage extends Readable<OutgoingSnapshot> {
  /** `client_message_id`. */
  readonly id: string;
  readonly conversationId: string;
  readonly type: MessageType;
  readonly text: string | undefined;
  /** Once it is known. */
  readonly mediaObjectId: string | undefined;
  readonly filename: string | undefined;
  readonly alt: string | undefined;
  /** Seq of the newest message that was there when this one was sent, where that is known; see `timelineOf`. */
  readonly afterSeq: number | undefined;
  /** ISO 8601, by the clock of this device. */
  readonly createdAt: string;
  readonly state: OutgoingState;
  /** The message as the server has it. Rejects with ClaimcheckError when it failed for good. */
  readonly sent: Promise<Message>;
  /**
   * After `failed`. An upload that has failed begins once more, as another one; after a reload its file has to be
   * chosen again first (`file_missing`).
   */
  retry(): void;
  /** Takes back what is not sent yet, its upload included. */
  discard(): Promise<void>;
}
