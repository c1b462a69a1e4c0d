import { assertKnown, invalid, type KeysOf, nameOf } from '../check-arguments.ts';
import type { Upload } from '../uploads/upload.ts';
import type { MessageType, PostMessage } from '../wire/conversation.ts';
import type { HostData } from '../wire/media.ts';
import {
  ATTACHMENT_INPUT,
  type AttachmentInput,
  MESSAGE_INPUT,
  type MediaInput,
  type MessageInput,
} from './outgoing-message.ts';

/** One file of a message: an upload until the server has it, then a media object. */
export interface OutgoingItem {
  uploadId?: string | undefined;
  mediaObjectId?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
}

/** The stored form of an unsent message. */
export interface OutgoingRecord {
  /** Its place among this client's messages, then its `client_message_id`. */
  id: string;
  /** The conversation in which it was sent. */
  tab: string;
  clientMessageId: string;
  conversationId: string;
  type: MessageType;
  /** Forwarded by its id only: the server knows its kind. */
  isTypeUnknown?: boolean | undefined;
  text: string | undefined;
  items: OutgoingItem[];
  data?: HostData | undefined;
  /** Seq of the newest message that its sender saw. */
  afterSeq?: number | undefined;
  createdAt: string;
}

/** Reads records of earlier versions too, which had one file in the record itself. */
export const currentRecord = (record: OutgoingRecord & OutgoingItem): OutgoingRecord => {
  if (record.items !== undefined) return record;
  const { uploadId, mediaObjectId, filename, alt } = record;
  const hasFile = uploadId !== undefined || mediaObjectId !== undefined;
  return { ...record, items: hasFile ? [{ uploadId, mediaObjectId, filename, alt }] : [] };
};

interface Place {
  id: string;
  tab: string;
  clientMessageId: string;
  conversationId: string;
  createdAt: string;
  afterSeq: number | undefined;
}

export const recordOf = (input: MessageInput, place: Place): OutgoingRecord => {
  const { text, data } = input;
  const given = attachmentsOf(input);
  return {
    ...place,
    type: input.type ?? typeOf(given[0]?.media),
    isTypeUnknown: input.type === undefined && typeof given[0]?.media === 'string',
    text,
    items: given.map(toItem),
    data,
  };
};

/** Returns the files of a message, whichever way the caller gave them. */
export const attachmentsOf = ({ media, attachments, filename, alt }: MessageInput): AttachmentInput[] =>
  media === undefined ? [...(attachments ?? [])] : [{ media, filename, alt }];

export const isUpload = (media: MediaInput): media is Upload => typeof media === 'object' && 'done' in media;

const toItem = ({ media, filename, alt }: AttachmentInput): OutgoingItem => {
  if (isUpload(media)) return { uploadId: media.id, filename: filename ?? media.filename, alt };
  return { mediaObjectId: typeof media === 'string' ? media : media.media_object_id, filename, alt };
};

/** Returns the body of the request, once every file is a media object. */
export const toPost = ({
  clientMessageId,
  type,
  isTypeUnknown,
  text,
  data,
  items,
}: OutgoingRecord): PostMessage => {
  const attachments = items.map(({ mediaObjectId: media_object_id = '', filename, alt }) => ({
    media_object_id,
    filename,
    alt,
  }));
  // The same file chosen twice is one media object, and an album names each once.
  const distinct = [...new Map(attachments.map((item) => [item.media_object_id, item])).values()];
  return {
    client_message_id: clientMessageId,
    message_type: isTypeUnknown ? undefined : type,
    body: text,
    data,
    ...(distinct.length > 1 ? { attachments: distinct } : distinct[0]),
  };
};

const typeOf = (media: MediaInput | undefined): MessageType => {
  if (media === undefined) return 'text';
  if (typeof media === 'string') return 'file';
  const kind = isUpload(media) ? media.contentType.split('/')[0] : media.kind;
  return kind === 'image' || kind === 'video' || kind === 'audio' ? kind : 'file';
};

const MOST_ATTACHMENTS = 10;

/** Throws `invalid_option`; the message says what to pass instead. */
export const assertSendable = (input: MessageInput): void => {
  assertKnown('send', input, MESSAGE_INPUT);
  const { text, media, attachments }: { text?: unknown; media?: unknown; attachments?: unknown } = input;
  if (text === undefined && media === undefined && attachments === undefined)
    throw invalid('text', 'A message needs text, media, or both.');
  if (text !== undefined && typeof text !== 'string')
    throw invalid('text', `text has to be a string, and is ${nameOf(text)}.`);
  if (media !== undefined) assertMedia('media', media);
  if (attachments === undefined) return;
  if (media !== undefined) throw invalid('attachments', 'A message has either media or attachments.');
  const isList = Array.isArray(attachments) && attachments.length > 0;
  if (!isList || attachments.length > MOST_ATTACHMENTS)
    throw invalid('attachments', `attachments is a list of 1 to ${MOST_ATTACHMENTS} × { media, alt? }.`);
  for (const attachment of attachments) {
    assertKnown('attachments', attachment, ATTACHMENT_INPUT as KeysOf<object>);
    assertMedia('attachments', attachment.media);
  }
};

const assertMedia = (field: string, media: unknown): void => {
  if (typeof media === 'string') return;
  if (Array.isArray(media))
    throw invalid(field, 'Several files in one message are attachments: [{ media }, { media }].');
  if (media instanceof Blob)
    throw invalid(field, 'Upload the file first: send(id, { media: client.upload(file) }).');
  const isKnown =
    typeof media === 'object' && media !== null && ('done' in media || 'media_object_id' in media);
  if (!isKnown)
    throw invalid(field, `${field} takes an upload, a media object or its id, and got ${nameOf(media)}.`);
};
