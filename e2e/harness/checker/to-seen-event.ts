import type { Media } from '@claimcheck/contracts/media';
import type { SeenEvent } from './history.ts';

/** Reduces an event to what the log and the sockets have in common. */
export interface AnyEvent {
  seq: number;
  message?: { message_id: string };
  media?: Media;
  user_id?: string;
}

export const toSeenEvent = (type: string, event: AnyEvent): SeenEvent => {
  const { seq, message, media, user_id } = event;
  if (media !== undefined) {
    const { media_object_id, rev, state } = media;
    return { seq, type, subject: `${media_object_id}@${rev}`, media: { media_object_id, rev, state } };
  }
  return { seq, type, subject: message?.message_id ?? user_id ?? '' };
};
