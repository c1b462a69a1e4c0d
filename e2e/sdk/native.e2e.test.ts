import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { type System, startSystem } from '../harness/system.ts';

const APP = fileURLToPath(new URL('./native/app.ts', import.meta.url));
const MIB = 1024 ** 2;

let system: System;
let folder: string;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-native-'));
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('an engine with the gaps of Hermes: the SDK names its entry, and sends a file piece by piece', async () => {
  const ann = new ChatUser(system, 'ann');
  const talk = await ann.startConversation('ben');
  const bytes = noise(20 * MIB);
  const path = join(folder, 'holiday.bin');
  await writeFile(path, bytes);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [APP, system.apiUrl, system.tokenFor('ann'), talk, path],
    // Less than the time-out of a request: a closed client must not keep its process alive that long.
    { timeout: 25_000 },
  );
  const [refused, sent] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(refused.refused).toMatch(/React Native lacks Promise\.withResolvers.*claimcheck\/client\/native/);
  expect(sent.mostRead).toBeLessThanOrEqual(8 * MIB);
  await expectWhole(ann, sent.media_object_id, bytes);
});
