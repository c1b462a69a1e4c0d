import type { Message } from '@claimcheck/client';

export interface Album {
  sender: string;
  /** One message, or photos that were sent together. */
  messages: readonly [Message, ...Message[]];
}

export interface Day {
  /** The local date of the first one. */
  date: Date;
  albums: readonly Album[];
}

/** Photos that follow one another this closely were chosen together. */
const TOGETHER_MS = 60_000;
/** A picture that never came, or is gone, says so in words, and those need room of their own. */
const WORDY: readonly string[] = ['failed', 'blocked', 'expired', 'deleted', 'degraded'];

const fitsAlbum = ({ message_type, body, media }: Message): boolean =>
  message_type === 'image' && !body && media !== undefined && !WORDY.includes(media.state);

const goesWith = (previous: Message, next: Message): boolean =>
  previous.sender_user_id === next.sender_user_id &&
  fitsAlbum(previous) &&
  fitsAlbum(next) &&
  Date.parse(next.created_at) - Date.parse(previous.created_at) <= TOGETHER_MS;

/** Messages, oldest first, as they are shown: by day, and photos that belong together side by side. */
export const groupMessages = (messages: readonly Message[]): readonly Day[] => {
  const days: { date: Date; albums: { sender: string; messages: [Message, ...Message[]] }[] }[] = [];
  let previous: Message | undefined;
  for (const message of messages) {
    const date = new Date(message.created_at);
    const isSameDay = days.at(-1)?.date.toDateString() === date.toDateString();
    if (!isSameDay) days.push({ date, albums: [] });
    const album = days.at(-1)?.albums.at(-1);
    if (isSameDay && album && previous && goesWith(previous, message)) album.messages.push(message);
    else days.at(-1)?.albums.push({ sender: message.sender_user_id, messages: [message] });
    previous = message;
  }
  return days;
};
