import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { type ClientProgram, ClientRun } from '../harness/client-program.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import type { FaultySystem } from '../harness/faulty-system.ts';
import { seeded } from '../harness/seeded.ts';
import type { Toxic } from '../harness/toxiproxy.ts';

export const FILE_BYTES = 20 * 1_024 * 1_024 + 12_345;
/** A speed at which an upload over this many connections can be interrupted. */
export const slow = (connections = 1): Toxic => ({
  type: 'bandwidth',
  stream: 'upstream',
  attributes: { rate_kib_per_second: Math.floor((12 * 1_024) / connections) },
});
const LIMIT_MS = 60_000;

/** The task of a client program. */
export interface ClientTask {
  endpoint: string;
  token: string;
  file: string;
  /** Where the client stores upload URLs between two runs. */
  state: string;
}

/**
 * Uploads random bytes with a client that is killed midway and started again, and compares the stored bytes.
 */
export const uploadInTwoRuns = async (
  { system, clientLink, heal }: FaultySystem,
  name: string,
  program: (task: ClientTask) => ClientProgram,
  connections = 1,
): Promise<void> => {
  const random = seeded(name);
  const bytes = random.bytes(FILE_BYTES);
  const killAt = random.int(FILE_BYTES / 4, (FILE_BYTES * 3) / 4);
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-client-'));
  const file = join(folder, 'random.bin');
  await writeFile(file, bytes);
  const ann = new ChatUser(system, 'ann');
  const endpoint = `${clientLink.url}/v1/uploads`;
  const command = program({ endpoint, token: ann.token, file, state: join(folder, 'urls') });
  await clientLink.add('slow', slow(connections));
  const first = new ClientRun(command);
  let second: ClientRun | undefined;
  try {
    await first.killAt(killAt, LIMIT_MS);
    await heal();
    second = new ClientRun(command);
    const id = await second.mediaId(LIMIT_MS);
    console.log(`${name}: killed at ${killAt}, resumed at ${second.resumedAt} of ${bytes.length}`);
    expect(second.resumedAt, 'the second run resumed where the first was').toBeGreaterThan(0);
    await expectWhole(ann, id, bytes);
  } finally {
    first.stop();
    second?.stop();
    await heal();
    await rm(folder, { recursive: true, force: true });
  }
};
