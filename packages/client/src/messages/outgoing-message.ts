import type { KeysOf } from '../check-arguments.ts';
import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
import type { Upload } from '../uploads/upload.ts';
import type { Message, MessageType } from '../wire/conversation.ts';
import type { HostData, Media } from '../wire/media.ts';

/** An upload, finished or not. To forward, a media object from a message, or its id. */
export type MediaInput = Upload | Media | string;

export interface AttachmentInput {
  media: MediaInput;
  filename?: string | undefined;
  /** Describes the picture in words. */
  alt?: string | undefined;
}

export interface MessageInput {
  text?: string | undefined;
  media?: MediaInput | undefined;
  /** An album of up to 10, instead of `media`. */
  attachments?: readonly AttachmentInput[] | undefined;
  /** Defaults to the kind of the media. `file` shows a picture or a film as a file. */
  type?: MessageType | undefined;
  /** File name of `media`. */
  filename?: string | undefined;
  /** Describes `media` in words. */
  alt?: string | undefined;
  /** The host's own data, at most 1 KiB as JSON: for example the target of a reply. */
  data?: HostData | undefined;
  /** The `client_message_id`. Sending the same one again gives the same message. */
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
 * `waiting`: for its upload, the network or the login. `discarded`: withdrawn here, or deleted by another device
 * before this one learned that it was sent.
 */
export type OutgoingState = 'waiting' | 'sending' | 'sent' | 'failed' | 'discarded';

export interface OutgoingSnapshot {
  state: OutgoingState;
  /** Error of the last attempt; final when the state is `failed`. */
  error?: ClaimcheckError | undefined;
  /** The message, once it is sent. */
  message?: Message | undefined;
  /** Progress of its media while there are bytes to send; for an album, of its first upload. */
  upload?: Upload | undefined;
  /** Progress of all of an album's uploads, in order. After a reload, uploads without their bytes are absent. */
  uploads: readonly Upload[];
}

/** A message that is shown before the server has it, and sent as soon as possible, even after a reload. */
export interface OutgoingMessage extends Readable<OutgoingSnapshot> {
  /** The `client_message_id`. */
  readonly id: string;
  readonly conversationId: string;
  readonly type: MessageType;
  readonly text: string | undefined;
  /** Known once the upload, if any, has a media object. */
  readonly mediaObjectId: string | undefined;
  readonly filename: string | undefined;
  readonly alt: string | undefined;
  readonly data: HostData | undefined;
  /** Number of files in the message. */
  readonly attachmentCount: number;
  /** Seq of the newest message when the user sent this one, if known; see `timelineOf`. */
  readonly afterSeq: number | undefined;
  /** ISO 8601, by the clock of this device. */
  readonly createdAt: string;
  readonly state: OutgoingState;
  /** Resolves with the message as the server has it. Rejects with ClaimcheckError when it failed for good. */
  readonly sent: Promise<Message>;
  /**
   * Retries after `failed`. A failed upload restarts as a new one. After a reload the user has to choose its file
   * again first (`file_missing`).
   */
  retry(): void;
  /** Withdraws an unsent message and its upload. */
  discard(): Promise<void>;
}
