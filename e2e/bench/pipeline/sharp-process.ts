// sharp alone in a separate process: the yardstick for the pipeline.
import sharp, { type Sharp } from 'sharp';
import type { SharpFigures, SharpTask } from './sharp-messages.ts';

const MICROSECONDS = 1_000_000;
const THUMBNAIL = { edge: 320, quality: 75 };
const QUALITY = 80;
const SMALLER_EDGES = [1_280, 640];
const LARGEST_EDGE = 2_560;

const within = (image: Sharp, edge: number): Sharp =>
  image.resize(edge, edge, { fit: 'inside', withoutEnlargement: true });

/** The outputs of the worker: its sizes and settings, the large ones from one decode. */
const makeAll = async (path: string): Promise<{ thumbnail_ms: number; all_ms: number }> => {
  const startedAt = performance.now();
  await within(sharp(path).autoOrient(), THUMBNAIL.edge).webp({ quality: THUMBNAIL.quality }).toBuffer();
  const thumbnail_ms = performance.now() - startedAt;
  const { data, info } = await within(sharp(path).autoOrient(), LARGEST_EDGE)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const pixels = sharp(data, { raw: { width, height, channels } });
  await Promise.all(
    [pixels.clone(), ...SMALLER_EDGES.map((edge) => within(pixels.clone(), edge))].map((image) =>
      image.webp({ quality: QUALITY }).toBuffer(),
    ),
  );
  return { thumbnail_ms, all_ms: performance.now() - startedAt };
};

const work = async (task: SharpTask): Promise<SharpFigures> => {
  sharp.cache(false);
  sharp.concurrency(task.threads);
  await makeAll(task.path);
  const before = process.cpuUsage();
  const figures: SharpFigures = { thumbnail_ms: [], all_ms: [], cpu_seconds: 0 };
  let left = task.photos;
  const next = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { thumbnail_ms, all_ms } = await makeAll(task.path);
      figures.thumbnail_ms.push(thumbnail_ms);
      figures.all_ms.push(all_ms);
    }
  };
  await Promise.all(Array.from({ length: task.at_once }, next));
  const used = process.cpuUsage(before);
  return { ...figures, cpu_seconds: (used.user + used.system) / MICROSECONDS };
};

process.on('message', async (task: SharpTask) => {
  process.send?.(await work(task));
});
