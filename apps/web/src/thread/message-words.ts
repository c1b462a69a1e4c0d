import type { Message } from '@claimcheck/client';

const WORDS: Record<Message['message_type'], string> = {
  text: 'Message',
  image: 'Photo',
  video: 'Video',
  audio: 'Sound',
  file: 'File',
};

/** Describes a message in one line: `Photo: china.jpg`. */
export const messageWords = ({ message_type, body, filename, alt }: Message): string => {
  if (message_type === 'text') return body ?? '';
  return [WORDS[message_type], alt || filename].filter(Boolean).join(': ');
};
