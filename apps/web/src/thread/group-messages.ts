import type { Message } from '@claimcheck/client';

export interface Album {
  sender: string;
  /** One message, or photos that were sent together. */
  messages: readonly [Message, ...Message[]];
  /** Whether it directly follows a message of the same sender, whose name is already shown above. */
  isFollowUp: boolean;
}

export interface Day {
  /** The local date of its first message. */
  date: Date;
  /** Whether the previous day ends here; false when other entries of the same day precede. */
  isNew: boolean;
  albums: readonly Album[];
}

/** Photos sent this close together were chosen together. */
const TOGETHER_MS = 60_000;
/** Messages of one sender this close together belong together. */
const FOLLOW_UP_MS = 5 * 60_000;
/** A picture that never arrived, or is gone, says so in words, which need space of their own. */
const WORDY: readonly string[] = ['failed', 'blocked', 'expired', 'deleted', 'degraded'];

const fitsAlbum = ({ message_type, body, media }: Message): boolean =>
  message_type === 'image' && !body && media !== undefined && !WORDY.includes(media.state);

const isSoonAfter = (previous: Message, next: Message, withinMs: number): boolean =>
  previous.sender_user_id === next.sender_user_id &&
  Date.parse(next.created_at) - Date.parse(previous.created_at) <= withinMs;

const goesWith = (previous: Message, next: Message): boolean =>
  fitsAlbum(previous) && fitsAlbum(next) && isSoonAfter(previous, next, TOGETHER_MS);

const dayOf = ({ created_at }: Message): string => new Date(created_at).toDateString();

/**
 * Groups messages, oldest first, for display: by day, with photos that belong together side by side.
 *
 * @param before the message shown before the first of them
 */
export const groupMessages = (messages: readonly Message[], before?: Message): readonly Day[] => {
  const days: { date: Date; isNew: boolean; albums: (Album & { messages: [Message, ...Message[]] })[] }[] =
    [];
  let previous = before;
  for (const message of messages) {
    const isSameDay = previous !== undefined && dayOf(previous) === dayOf(message);
    if (!isSameDay || days.length === 0)
      days.push({ date: new Date(message.created_at), isNew: !isSameDay, albums: [] });
    const album = days.at(-1)?.albums.at(-1);
    if (isSameDay && album && previous && goesWith(previous, message)) album.messages.push(message);
    else {
      const isFollowUp = isSameDay && previous !== undefined && isSoonAfter(previous, message, FOLLOW_UP_MS);
      days.at(-1)?.albums.push({ sender: message.sender_user_id, messages: [message], isFollowUp });
    }
    previous = message;
  }
  return days;
};
