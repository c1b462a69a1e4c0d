import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startReplica } from '../../harness/replica.ts';
import { type System, startSystem } from '../../harness/system.ts';
import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { ChildChannel } from '../load/child-channel.ts';
import { describeMachine } from '../measure/machine.ts';
import { rounded } from '../measure/median.ts';
import { percentile } from '../measure/percentile.ts';
import { BenchPhotos } from './bench-photos.ts';
import { type BatchFigures, measureBatch } from './measure-batch.ts';
import { type IdleFigures, measureIdle } from './measure-idle.ts';
import { type BesideFigures, measureBesideTranscode, measureShortVideo } from './measure-videos.ts';
import type { SharpFigures, SharpTask } from './sharp-messages.ts';
import { Viewer } from './viewer.ts';

interface Figures {
  sharp: { thumbnail_p50_ms: number; all_p50_ms: number; cpu_per_photo: number };
  idle: IdleFigures;
  batch: BatchFigures;
  batch_photos: number;
  beside: BesideFigures;
  video_ready_ms: number;
}

interface Size {
  /** One after the other. */
  photos: number;
  batch: number;
  beside: number;
  video_seconds: number;
}

const WHOLE: Size = { photos: 15, batch: 100, beside: 10, video_seconds: 20 };
const QUICK: Size = { photos: 3, batch: 6, beside: 2, video_seconds: 8 };
const SHARP_LIMIT_SECONDS = 300;

/** Runs sharp alone: one photo at a time with all cores, then one per core with one thread each. */
const measureSharp = async (photo: Buffer, size: Size): Promise<Figures['sharp']> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-bench-sharp-'));
  const child = new ChildChannel<SharpTask, SharpFigures>(new URL('./sharp-process.ts', import.meta.url));
  try {
    const path = join(folder, 'photo');
    await writeFile(path, photo);
    const cores = availableParallelism();
    const ask = (task: Omit<SharpTask, 'path'>) => child.ask({ path, ...task }, SHARP_LIMIT_SECONDS);
    const alone = await ask({ photos: size.photos, at_once: 1, threads: cores });
    const many = await ask({ photos: Math.ceil(size.batch / 4), at_once: cores, threads: 1 });
    return {
      thumbnail_p50_ms: percentile(alone.thumbnail_ms, 0.5),
      all_p50_ms: percentile(alone.all_ms, 0.5),
      cpu_per_photo: many.cpu_seconds / many.all_ms.length,
    };
  } finally {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

const measureSystem = async (
  system: System,
  photos: BenchPhotos,
  size: Size,
  onProgress: BenchContext['onProgress'],
): Promise<Omit<Figures, 'sharp'>> => {
  const viewer = await Viewer.create(system);
  try {
    await measureIdle(viewer, photos, 2);
    const idle = await measureIdle(viewer, photos, size.photos);
    onProgress(
      `a photo: preview after ${Math.round(idle.preview_p50_ms)} ms, ready after ${Math.round(idle.ready_p50_ms)}`,
    );
    const video_ready_ms = await measureShortVideo(viewer, Math.ceil(size.photos / 3));
    onProgress(`a short video: ready after ${Math.round(video_ready_ms)} ms`);
    const batch = await measureBatch(system, viewer, photos, size.batch);
    onProgress(
      `${size.batch} photos at once: ${batch.seconds.toFixed(1)} s, ${Math.round(batch.peak_mib)} MiB`,
    );
    // This comes last: the video still runs afterwards, and no measurement waits for it.
    const beside = await measureBesideTranscode(viewer, photos, {
      count: size.beside,
      seconds: size.video_seconds,
    });
    onProgress(
      `${beside.photos} photos beside a transcode: preview after ${Math.round(beside.preview_p50_ms)} ms`,
    );
    return { idle, batch, batch_photos: size.batch, beside, video_ready_ms };
  } finally {
    viewer.leave();
  }
};

const measure = async ({ options, stack, onProgress }: BenchContext): Promise<Figures> => {
  const size = options.quick ? QUICK : WHOLE;
  const photos = await BenchPhotos.create();
  // Deadlines are not under test.
  const settings = { READY_DEADLINE: '30m', LOG_LEVEL: 'warn' };
  // As the chart installs it: uploads and results in separate processes, so that neither waits for the other.
  const system = await startSystem(stack, settings, { api: { ROLES: 'http' } });
  const background = await startReplica(system, { env: { ROLES: 'background' } });
  try {
    const sharp = await measureSharp(photos.original, size);
    onProgress(`sharp alone: ${Math.round(sharp.all_p50_ms)} ms`);
    return { sharp, ...(await measureSystem(system, photos, size, onProgress)) };
  } finally {
    await background.service.stop();
    await system.stop();
  }
};

/** Measures from a sender's last byte to a receiver's socket, with scanning, next to sharp alone in the same run. */
export const pipelineBench = async (context: BenchContext): Promise<BenchReport> => {
  const { sharp, idle, batch, batch_photos, beside, video_ready_ms } = await measure(context);
  const figures = {
    preview_p50_ms: rounded(idle.preview_p50_ms),
    preview_p95_ms: rounded(idle.preview_p95_ms),
    ready_p50_ms: rounded(idle.ready_p50_ms),
    ready_vs_sharp: rounded(idle.ready_p50_ms / sharp.all_p50_ms),
    batch_photos,
    batch_first_preview_ms: rounded(batch.first_preview_ms),
    batch_seconds: rounded(batch.seconds),
    batch_vs_sharp: rounded(batch.cpu_seconds / batch_photos / sharp.cpu_per_photo),
    peak_mib: rounded(batch.peak_mib),
    photo_during_transcode_p50_ms: rounded(beside.preview_p50_ms),
    photo_during_transcode_p95_ms: rounded(beside.preview_p95_ms),
    photo_during_transcode_vs_idle: rounded(beside.preview_p95_ms / idle.preview_p95_ms),
    video_ready_ms: rounded(video_ready_ms),
    sharp_thumbnail_p50_ms: rounded(sharp.thumbnail_p50_ms),
    sharp_p50_ms: rounded(sharp.all_p50_ms),
    sharp_cpu_s_per_photo: rounded(sharp.cpu_per_photo, 3),
  };
  return {
    result: { machine: describeMachine(), ...figures },
    table: formatTable(['figure', 'value'], Object.entries(figures)),
  };
};
