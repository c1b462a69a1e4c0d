import type { Sent } from './send-media.ts';

/** What a sender's process is asked: to get ready, and then to send everything at once. */
export type SenderTask =
  | {
      kind: 'prepare';
      apiUrl: string;
      token: string;
      conversation: string;
      /** The file that all photos are copies of. */
      photo: string;
      /** Number before the first copy. */
      from: number;
      count: number;
    }
  | { kind: 'send' };

/** Empty when it is ready. */
export type SenderAnswer = Sent[];
