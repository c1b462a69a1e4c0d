import { randomBytes } from 'node:crypto';
import { type ClaimcheckClient, createClient, memoryStore } from '@claimcheck/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type System, startSystem } from '../harness/system.ts';

const MIB = 1_024 ** 2;

let system: System;
let plain: System;
let ann: ChatUser;
const clients: ClaimcheckClient[] = [];

beforeAll(async () => {
  [system, plain] = await Promise.all([
    startSystem(inject('stack'), { TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}` }),
    startSystem(inject('stack')),
  ]);
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all([system?.stop(), plain?.stop()]);
});

const clientOf = (
  on: System,
  options: Partial<Parameters<typeof createClient>[0]> = {},
): ClaimcheckClient => {
  const client = createClient({
    baseUrl: on.apiUrl,
    getToken: () => on.tokenFor('ann'),
    store: memoryStore(),
    ...options,
  });
  clients.push(client);
  return client;
};

describe.each([
  ['put', 300_000, ['put', 'multipart', 'tus']],
  ['multipart', 20 * MIB, ['put', 'multipart', 'tus']],
  ['tus', 300_000, ['tus']],
] as const)('%s', (_, size, protocols) => {
  test('brings every byte, says how far it is, and what became of it', { timeout: 30_000 }, async () => {
    const bytes = randomBytes(size);
    const client = clientOf(system, { uploads: { protocols: [...protocols] } });
    const upload = client.upload(new Blob([bytes], { type: 'application/octet-stream' }), {
      filename: 'random.bin',
    });
    const states: string[] = [upload.state];
    upload.on('state', (state) => states.push(state));
    const id = await upload.done;
    expect(await upload.created).toBe(id);
    expect(states).toEqual(['queued', 'preparing', 'uploading', 'done']);
    expect(upload.progress).toMatchObject({ sentBytes: size, totalBytes: size });
    await expectWhole(ann, id, bytes);
  });
});

test('a service without tickets is uploaded to by tus alone', async () => {
  const bytes = randomBytes(300_000);
  const upload = clientOf(plain, { uploads: { protocols: ['tus'] } }).upload(new Blob([bytes]), {
    filename: 'a.bin',
  });
  await expectWhole(new ChatUser(plain, 'ann'), await upload.done, bytes);
});
