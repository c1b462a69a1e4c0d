// Some of the photos that arrive at once, from a process of their own: a phone does not wait for what others send.
import { readFile } from 'node:fs/promises';
import { ChatUser } from '../../harness/chat-user.ts';
import { BenchPhotos } from './bench-photos.ts';
import { asPhoto, sendMedia } from './send-media.ts';
import type { SenderAnswer, SenderTask } from './sender-messages.ts';

let send: () => Promise<SenderAnswer> = async () => [];

const answer = async (task: SenderTask): Promise<SenderAnswer> => {
  if (task.kind === 'send') return send();
  const { apiUrl: baseUrl, token, conversation, from, count } = task;
  const photos = new BenchPhotos(await readFile(task.photo), from).take(count);
  const sender = new ChatUser({ apiUrl: baseUrl, gatewayUrl: '', tokenFor: () => token }, 'sender');
  send = () =>
    Promise.all(photos.map((photo) => sendMedia({ baseUrl, sender, conversation }, asPhoto(photo))));
  return [];
};

process.on('message', async (task: SenderTask) => {
  process.send?.(await answer(task));
});
