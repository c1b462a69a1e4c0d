import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { FrontProxy } from '../harness/front-proxy.ts';
import { noise } from '../harness/noise.ts';
import { SdkClients } from '../harness/sdk-client.ts';
import { type System, startSystem } from '../harness/system.ts';

const MIB = 1024 ** 2;

let proxy: FrontProxy;
let system: System;
let clients: SdkClients;

beforeAll(async () => {
  proxy = await FrontProxy.start({ maxBodyBytes: 3 * MIB });
  system = await startSystem(inject('stack'), { PUBLIC_URL: proxy.url });
  proxy.passTo(system.apiUrl);
  clients = new SdkClients(system);
});
afterAll(async () => {
  clients?.close();
  await system?.stop();
  await proxy?.close();
});

test('a proxy that accepts small requests only is passed in smaller ones, and later uploads know it', async () => {
  const client = clients.open('ann', { baseUrl: proxy.url, uploads: { protocols: ['tus'] } });
  const ann = new ChatUser(system, 'ann');
  const upload = async (name: string) => {
    const bytes = noise(10 * MIB);
    const before = proxy.refused;
    await expectWhole(ann, await client.upload(new Blob([bytes]), { filename: name }).done, bytes);
    return proxy.refused - before;
  };
  // 8 and 4 MiB.
  expect(await upload('first.bin')).toBe(2);
  expect(await upload('second.bin')).toBe(0);
});
