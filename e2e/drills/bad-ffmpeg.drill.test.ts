import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { processesIn } from '../harness/processes-in.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

/** Time limit for inspecting a file, with a reserve for a busy machine. */
const PROBE_LIMIT_MS = 30_000;
const NOTICED_MS = 20_000;

let folder: string;
let tempDir: string;
let system: System;
let ann: ChatUser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-bad-ffmpeg-'));
  tempDir = await mkdtemp(join(tmpdir(), 'claimcheck-jobs-'));
  system = await startSystem(inject('stack'), { TEMP_DIR: tempDir });
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await system?.stop();
  for (const made of [folder, tempDir])
    if (made !== undefined) await rm(made, { recursive: true, force: true });
});

/** Creates a program to replace one of ffmpeg's, which cannot be made to fail on demand. */
const program = async (name: string, ...lines: string[]): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  await chmod(path, 0o755);
  return path;
};

const sendVideo = async (): Promise<string> =>
  ann.upload({ bytes: await videoFile(), filename: 'a.mp4', filetype: 'video/mp4' });

const untilNothingIsLeft = async (): Promise<void> => {
  const look = async () => {
    const folders = (await readdir(tempDir, { recursive: true })).filter((name) => name.includes('job-'));
    return folders.length === 0 && (await processesIn(tempDir)).length === 0 ? true : undefined;
  };
  await until(look, { withinMs: 10_000, what: 'programs and folders of the job to go' });
};

test('drill 22: an ffprobe that hangs is killed with its children at the limit, and photos are processed meanwhile', async () => {
  const hangs = await program('hangs', 'sleep 1000 &', 'exec sleep 1000');
  await system.restart('worker', { FFPROBE_PATH: hangs });
  const { pid } = system.apps.worker;
  const video = await sendVideo();
  await until(async () => ((await processesIn(tempDir)).length === 2 ? true : undefined), {
    withinMs: NOTICED_MS,
    what: 'the program and its child to run',
  });
  const photo = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  await ann.mediaIn(photo, ['ready']);

  const { failure } = await ann.mediaIn(video, ['degraded'], PROBE_LIMIT_MS + NOTICED_MS);
  expect(failure?.code).toBe('processing_failed');
  await untilNothingIsLeft();
  expect(system.apps.worker.pid).toBe(pid);
});

test('drill 22: an ffmpeg that wants all memory does not get it', async () => {
  // One buffer of 5 GiB: it is refused as a whole, so that the machine need not have that much.
  const greedy = await program('greedy', 'exec dd if=/dev/zero of=/dev/null bs=5G count=1');
  await system.restart('worker', { FFMPEG_PATH: greedy });
  const { pid } = system.apps.worker;
  const video = await sendVideo();
  await ann.mediaIn(video, ['degraded']);
  expect(system.apps.worker.logTail(20)).toContain('memory exhausted');
  await untilNothingIsLeft();
  expect(system.apps.worker.pid).toBe(pid);
});
