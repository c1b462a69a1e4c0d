import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type Replica, startReplica } from '../harness/replica.ts';
import { resumeToEnd } from '../harness/resume.ts';
import { S3_STORES, startS3Store } from '../harness/s3-stores.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';

const MIB = 1_024 * 1_024;

/** Mounts a disk of one page that only the program sees, fills it, and becomes the program. */
const ON_A_FULL_DISK =
  'mount -t tmpfs -o size=4k tmpfs "$TMPDIR" && ' +
  'head -c 4096 /dev/zero > "$TMPDIR/full" && ! (echo more >> "$TMPDIR/full") 2> /dev/null && exec "$@"';

/** Mounting requires root, or a system with user namespaces. */
const launcher = (): [string, ...string[]] => {
  const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  return ['unshare', ...namespace, 'sh', '-c', ON_A_FULL_DISK, 'sh'];
};

describe.each(S3_STORES)('on %s', (store) => {
  let servers: Awaited<ReturnType<typeof startS3Store>>;
  let system: System;
  let crowded: Replica;
  let temporary: string;

  beforeAll(async () => {
    servers = await startS3Store(store, inject('stack'));
    system = await startSystem(servers.env);
    temporary = await mkdtemp(join(tmpdir(), 'claimcheck-full-'));
    crowded = await startReplica(system, { launcher: launcher(), env: { TMPDIR: temporary } });
  });
  afterAll(async () => {
    await crowded?.service.stop();
    await system?.stop();
    await servers?.stop();
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  });

  test('drill 20: an api whose temp disk is full takes uploads, and writes no temp file', async () => {
    const seenByApi = join(`/proc/${crowded.service.pid}/root`, temporary);
    expect((await statfs(seenByApi)).bavail, 'the disk is full').toBe(0);
    const random = seeded('drill 20');
    const bytes = random.bytes(20 * MIB + 3);
    const ann = new ChatUser(system, 'ann');
    const target = { baseUrl: crowded.url, token: ann.token };
    const upload = await WireUpload.create(target, bytes.length);
    // With a tail, the first thing that an implementation might put into a file.
    const tail = random.int(MIB, 2 * MIB);
    expect(await upload.patch(0, bytes.subarray(0, tail))).toMatchObject({ status: 204, offset: tail });
    await resumeToEnd(upload, bytes, { floor: tail });
    expect(await readdir(seenByApi)).toEqual(['full']);
    await expectWhole(ann, upload.id, bytes);
  });
});
