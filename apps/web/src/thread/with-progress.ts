import type { Message, Messages } from '@claimcheck/client';

/** Progress of a video's conversion arrives apart from the messages, and changes faster. */
export const withProgress = (messages: Messages, progress: Readonly<Record<string, number>>): Messages =>
  messages.map((message): Message => {
    const { media } = message;
    const percent = media && progress[media.media_object_id];
    return media && percent !== undefined ? { ...message, media: { ...media, progress: percent } } : message;
  });
