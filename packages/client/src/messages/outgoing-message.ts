import type { KeysOf } from '../check-arguments.ts';
import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
import type { Upload } from '../uploads/upload.ts';
import type { Message, MessageType } from '../wire/conversation.ts';
import type { HostData, Media } from '../wire/media.ts';

/** An upload, finished or not; to forward, a media object that came with a message, or its id. */
export type MediaInput = Upload | Media | string;

export interface AttachmentInput {
  media: MediaInput;
  filename?: string | undefined;
  /** The picture in words. */
  alt?: string | undefined;
}

export interface MessageInput {
  text?: string | undefined;
  media?: MediaInput | undefined;
  /** An album of up to 10, instead of `media`. */
  attachments?: readonly AttachmentInput[] | undefined;
  /** Defaults to the kind of the media. `file` shows a picture or a film as a file. */
  type?: MessageType | undefined;
  /** Of `media`. */
  filename?: string | undefined;
  /** Of `media`, in words. */
  alt?: string | undefined;
  /** The host's own, at most 1 KiB as JSON: a reply's target, for example. */
  data?: HostData | undefined;
  /** `client_message_id`: the same again is the same message. */
  id?: string | undefined;
}

export const MESSAGE_INPUT: KeysOf<MessageInput> = {
  text: true,
  media: true,
  attachments: true,
  type: true,
  filename: true,
  alt: true,
  data: true,
  id: true,
};
export const ATTACHMENT_INPUT: KeysOf<AttachmentInput> = { media: true, filename: true, alt: true };

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
  /** Of its media, while there are bytes to send; the first of an album. */
  upload?: Upload | undefined;
  /** All of an album's, in its order; those that a reload has left without their bytes are missing. */
  uploads: readonly Upload[];
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
  readonly data: HostData | undefined;
  /** How many files it holds. */
  readonly attachmentCount: number;
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
