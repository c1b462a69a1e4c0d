import type { Attachment, Message } from '../wire/conversation.ts';
import type { Media, MediaReference } from '../wire/media.ts';

/** A page may be newer than an event that is replayed after it, so the higher `rev` stays. */
export const newerMedia = <Known extends Media | undefined>(
  current: Media | undefined,
  incoming: Known,
): Known => (current && (!incoming || incoming.rev < current.rev) ? (current as Known) : incoming);

/** Returns the later edit of two versions of a message, with the newer description of each media object. */
export const newerMessage = (known: Message | undefined, incoming: Message): Message => {
  if (known === undefined) return incoming;
  const isLate = (incoming.edited_at ?? '') < (known.edited_at ?? '');
  const [newer, older] = isLate ? [known, incoming] : [incoming, known];
  const media = newerMedia(known.media, incoming.media);
  const client_message_id = newer.client_message_id ?? older.client_message_id;
  const attachments = newer.attachments?.map((attachment) =>
    withNewerReference(attachment, referenceIn(older, attachment.media_object_id)),
  );
  return {
    ...newer,
    ...(media && { media }),
    ...(client_message_id && { client_message_id }),
    ...(attachments && { attachments }),
  };
};

/** Returns the message with a new description of its media, or the same object if the media is not its own. */
export const withMedia = (message: Message, updated: ReadonlyMap<string, Media>): Message => {
  const { attachments } = message;
  const media = updated.get(message.media_object_id ?? '');
  const isInAlbum = attachments?.some(({ media_object_id = '' }) => updated.has(media_object_id)) ?? false;
  if (media === undefined && !isInAlbum) return message;
  return {
    ...message,
    ...(media && !attachments && { media: newerMedia(message.media, media) }),
    ...(attachments && {
      attachments: attachments.map((attachment) =>
        withNewerReference(attachment, updated.get(attachment.media_object_id ?? '')),
      ),
    }),
  };
};

const referenceIn = ({ attachments }: Message, id: string | undefined): MediaReference | undefined =>
  attachments?.find(({ media_object_id }) => media_object_id === id)?.media;

/** Keeps what a page knew of a media object and an event's shorter reference leaves out. */
const withNewerReference = (attachment: Attachment, other: MediaReference | undefined): Attachment => {
  const { media } = attachment;
  if (other === undefined) return attachment;
  if (media === undefined) return { ...attachment, media: other };
  return { ...attachment, media: other.rev > media.rev ? { ...media, ...other } : { ...other, ...media } };
};
