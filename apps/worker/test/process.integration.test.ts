import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { makeWithFfmpeg } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

let harness: Harness;
afterEach(() => harness.close());

/** Returns command lines of the processes whose working directory is below the harness's temporary folder. */
const programsIn = async (folder: string): Promise<string[]> => {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
      if ((await readlink(`/proc/${pid}/cwd`)).startsWith(folder)) found.push(`${command}|${environment}`);
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
};

/** Takes the encoder some 10 s. */
const longVideo = () =>
  makeWithFfmpeg(
    [
      '-stream_loop',
      '5',
      '-i',
      fixture('big-buck-bunny-5s.mp4'),
      '-c:v',
      'mpeg4',
      '-q:v',
      '8',
      '-c:a',
      'copy',
    ],
    'mp4',
  );

describe('the environment', () => {
  it('is checked as a whole: every problem by name, no value, exit code 78', async () => {
    harness = await Harness.create({ withStreams: false });
    const worker = harness.spawnWorker({
      NATS_URL: '',
      SCAN_POLICY: 'maybe-secret',
      VIDEO_DELIVERY: 'film',
      MAX_ATTEMPTS: '0',
      FFPROBE_PATH: '/nonexistent',
    });
    expect(await worker.exit()).toBe(78);
    const text = worker.log.messages.map(({ msg }) => msg).join('\n');
    for (const name of ['NATS_URL', 'SCAN_POLICY', 'VIDEO_DELIVERY', 'MAX_ATTEMPTS', 'FFPROBE_PATH'])
      expect(text).toContain(`${name}: `);
    expect(text).not.toContain('maybe-secret');
  });

  it('needs streams: the worker waits for them, and serves when they come', async () => {
    harness = await Harness.create({ withStreams: false });
    const worker = harness.spawnWorker();
    const line = await worker.log.waitFor(({ subjects }) => subjects !== undefined, 'line about subjects');
    expect(line.subjects).toContain(harness.bus.subjects.optimizeRequest);
    await harness.bus.ensureStreams();
    const port = await worker.ready();
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(await answer.json()).toMatchObject({
      ready: true,
      checks: { broker: 'ok', storage: 'ok', scanner: 'ok' },
    });
  });
});

describe('metrics', () => {
  it('start at 0 and count steps', async () => {
    harness = await Harness.create();
    const port = await (await harness.startWorker({ LANES: 'media' })).log
      .waitFor(({ msg }) => msg === 'worker is ready', 'ready worker')
      .then(({ admin_port }) => admin_port);
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(await metrics()).toContain('claimcheck_jobs_total{step="derive",outcome="failed"} 0');
    await harness.process(await readFile(fixture('flower.jpg')));
    expect(await metrics()).toContain('claimcheck_jobs_total{step="derive",outcome="success"} 1');
    await expect
      .poll(metrics, { timeout: 5_000 })
      .toContain('claimcheck_deliveries_total{consumer="media-worker",outcome="done"} 1');
  });
});

describe('an end in the middle of a job', () => {
  it('by SIGTERM ends ffmpeg, removes the files, and leaves the request to the next worker', async () => {
    harness = await Harness.create();
    const worker = await harness.startWorker();
    const request = await harness.upload(await longVideo(), { contentType: 'video/mp4' });
    await harness.requestTranscode(request);
    await harness.response(request, 'progress');
    expect(await worker.stop('SIGTERM')).toBe(0);
    expect(await programsIn(harness.tempDir)).toEqual([]);
    expect(await readdir(harness.tempDir)).toEqual([]);

    await harness.startWorker();
    expect(await harness.response(request, 'final', 100_000)).toMatchObject({ success: true });
  }, 150_000);

  it('by SIGTERM costs no attempt, however often', async () => {
    harness = await Harness.create();
    const settings = { MAX_ATTEMPTS: '2', SHUTDOWN_GRACE: '50ms' };
    const request = await harness.upload(await longVideo(), { contentType: 'video/mp4' });
    await harness.requestTranscode(request);
    for (const _ of [1, 2, 3]) {
      const worker = await harness.startWorker(settings);
      await expect.poll(() => programsIn(harness.tempDir), { timeout: 20_000 }).not.toEqual([]);
      expect(await worker.stop('SIGTERM')).toBe(0);
    }
    await harness.startWorker(settings);
    expect(await harness.response(request, 'final', 100_000)).toMatchObject({ success: true });
    // It goes between the answer and the ack.
    await expect
      .poll(() => harness.keysOf(request.mediaId), { timeout: 10_000 })
      .not.toContain(`${request.mediaId}/e1/released.json`);
  }, 200_000);

  it('by a file costs its neighbour nothing, and is blamed on the file alone', async () => {
    harness = await Harness.create();
    const deadly = join(harness.tempDir, '..', `deadly-${process.pid}-ffprobe`);
    const script = [
      '#!/bin/sh',
      'grep -q DEADLY source && kill -9 $PPID && sleep 9',
      'grep -q SLOW source && sleep 1',
    ];
    await writeFile(deadly, [...script, 'exec ffprobe "$@"', ''].join('\n'), { mode: 0o755 });
    const sound = await makeWithFfmpeg(['-f', 'lavfi', '-i', 'sine=d=1'], 'mp3');
    const [guilty, innocent] = await Promise.all(
      ['DEADLY', 'SLOW'].map((mark) => harness.upload(Buffer.concat([sound, Buffer.from(mark)]))),
    );
    if (guilty === undefined || innocent === undefined) throw new Error('no requests');
    await harness.request(innocent);
    await harness.request(guilty);
    const hasEnded = (): boolean =>
      [guilty, innocent].every(({ mediaId }) => harness.stagesOf(mediaId).includes('final'));
    for (let start = 0; start < 8 && !hasEnded(); start += 1) {
      const worker = await harness.startWorker({ FFPROBE_PATH: deadly, MAX_ATTEMPTS: '3' });
      await Promise.race([worker.exit(), harness.response(guilty, 'final', 60_000)]);
    }
    expect(await harness.response(innocent, 'final')).toMatchObject({ success: true, kind: 'audio' });
    expect(await harness.response(guilty, 'scan')).toMatchObject({ success: true, code: 'clean' });
    expect(await harness.response(guilty, 'final')).toMatchObject({
      ...{ success: false, code: 'processing_failed', retryable: false, kind: 'other' },
    });
    await rm(deadly);
  }, 150_000);

  it('by SIGKILL leaves no program running, and the next worker ends the job', async () => {
    harness = await Harness.create();
    const worker = await harness.startWorker();
    const request = await harness.upload(await longVideo(), { contentType: 'video/mp4' });
    await harness.requestTranscode(request);
    await harness.response(request, 'progress');
    const running = await programsIn(harness.tempDir);
    expect(running).toHaveLength(1);
    expect(running[0]).toMatch(/ffmpeg.*\|$/);

    await worker.stop('SIGKILL');
    await expect.poll(() => programsIn(harness.tempDir), { timeout: 5_000 }).toEqual([]);
    const left = await harness.jobFolders();
    expect(left).not.toEqual([]);

    await harness.startWorker();
    // It may already work on the same job, in a folder of its own.
    const folders = await harness.jobFolders();
    expect(folders.filter((folder) => left.includes(folder))).toEqual([]);
    expect(await harness.response(request, 'final', 100_000)).toMatchObject({ success: true });
  }, 150_000);
});
