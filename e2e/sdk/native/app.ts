// A chat app as Hermes would run it: features that the engine lacks are removed before the SDK is loaded.

import { randomUUID } from 'node:crypto';
import { open, stat } from 'node:fs/promises';

const [baseUrl = '', token = '', conversationId = '', path = ''] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

for (const [target, name] of [
  [Promise, 'withResolvers'],
  [AbortSignal, 'any'],
  [AbortSignal, 'timeout'],
  [AbortSignal.prototype, 'throwIfAborted'],
  [globalThis, 'structuredClone'],
  [globalThis, 'crypto'],
  [URL, 'canParse'],
] as const)
  Reflect.deleteProperty(target, name);
// Its Blob can't be read piece by piece.
Reflect.deleteProperty(Blob.prototype, 'arrayBuffer');
Object.defineProperty(globalThis, 'navigator', { value: { product: 'ReactNative' }, configurable: true });

const { createClient, memoryStore } = await import('@claimcheck/client');
const { createNativeClient, fileFrom } = await import('@claimcheck/client/native');

try {
  createClient({ baseUrl, getToken: () => token });
} catch (error) {
  say({ refused: error instanceof Error ? error.message : String(error) });
}

const mostRead = { bytes: 0 };
const read = async (uri: string, start: number, length: number) => {
  mostRead.bytes = Math.max(mostRead.bytes, length);
  const file = await open(new URL(uri));
  const { buffer } = await file.read(new Uint8Array(length), 0, length, start);
  await file.close();
  return buffer;
};

const client = createNativeClient({
  baseUrl,
  getToken: () => token,
  randomUuid: randomUUID,
  store: memoryStore(),
});
const picked = {
  uri: `file://${path}`,
  name: 'holiday.bin',
  type: 'video/mp4',
  size: (await stat(path)).size,
};
const upload = client.upload(fileFrom(picked, read), { conversationId });
const talk = client.conversation(conversationId);
const leave = talk.subscribe(() => {});
const message = await talk.send({ media: upload, text: 'from my phone' }).sent;
leave();
client.close();
say({ media_object_id: message.media_object_id, mostRead: mostRead.bytes });
