import type { Message } from '@claimcheck/client';

const WORDS: Record<Message['message_type'], string> = {
  text: 'Message',
  image: 'Photo',
  video: 'Video',
  audio: 'Sound',
  file: 'File',
};

/** Describes a message in one line: `Photo: china.jpg`. */
export const messageWords = ({ message_type, body, filename, alt, attachments }: Message): string => {
  if (message_type === 'text') return body ?? '';
  if (attachments) {
    const areAll = (kind: string) => attachments.every(({ media }) => media?.kind === kind);
    const what = areAll('image') ? 'photos' : areAll('video') ? 'videos' : 'files';
    return [`${attachments.length} ${what}`, body].filter(Boolean).join(': ');
  }
  return [WORDS[message_type], alt || filename].filter(Boolean).join(': ');
};
