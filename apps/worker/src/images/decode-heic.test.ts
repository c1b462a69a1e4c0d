import { copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MediaFailure } from '../job/media-failure.ts';
import { decodeHeic } from './decode-heic.ts';

const MIB = 1024 * 1024;
const PHOTO = fileURLToPath(new URL('../../../../e2e/fixtures/china.heic', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-heic-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const decode = (source: string, target: string, signal = new AbortController().signal) =>
  decodeHeic(source, target, { maxPixels: 1_000_000, signal });

/** Returns the photo with zeros after it, which decoders accept: a box that lasts until the end. */
const photoOf = async (bytes: number): Promise<string> => {
  const path = join(folder, `${bytes}.heic`);
  await copyFile(PHOTO, path);
  await truncate(path, bytes);
  return path;
};

it('decodes a file of 64 MiB, and refuses to read a larger one', async () => {
  const target = join(folder, 'decoded.png');
  await decode(await photoOf(64 * MIB), target);
  expect(await sharp(target).metadata()).toMatchObject({ format: 'png', width: 320, height: 213 });

  const before = process.memoryUsage().arrayBuffers;
  await expect(decode(await photoOf(64 * MIB + 1), join(folder, 'none.png'))).rejects.toMatchObject({
    code: 'processing_failed',
    retryable: false,
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
});

it('does not blame the file for a full disk', async () => {
  const failure = await decode(PHOTO, '/dev/full').catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'ENOSPC' });
  expect(failure).not.toBeInstanceOf(MediaFailure);
});

it('does not blame the file for being stopped', async () => {
  const stopping = new AbortController();
  const reason = new Error('the worker stops');
  process.once('worker', () => stopping.abort(reason));
  await expect(decode(PHOTO, join(folder, 'stopped.png'), stopping.signal)).rejects.toBe(reason);
});

/** 320 × 200, two pictures of one colour: a blue one, and a red one, which the file marks as primary. */
const RED_PRIMARY = [
  'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAYRtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA',
  'AAAAADRpbG9jAAAAAERAAAIAAQAAAAABqAABAAAAAAAAAG8AAgAAAAACFwABAAAAAAAAAG4AAAA4aWluZgAAAAAAAgAAABVp',
  'bmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAAACAABodmMxAAAAAA5waXRtAAAAAAACAAAA3WlwcnAAAAC3aXBjbwAAAHho',
  'dmNDAQNwAAAAkAAAAAAAPPAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAPLoCQGEAAQArQgEBA3AAAAMAkAAA',
  'AwAAAwA8oAoIDJZbqSSmubgIaDAgAAADAyAAAAMAIWIAAQAHRAHBcrBiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAA',
  'AAAAAAFAAAAAyAAAABBwaXhpAAAAAAMICAgAAAAeaXBtYQAAAAAAAAACAAEEgQIDBAACBIECAwQAAADlbWRhdAAAAGsoAa8T',
  'IaJA+OUzwJ//+GQor/4CHV/v1CtUPRV3dJu78cjwbioAADzAALWAouR4NxUAACEAADFAAYQAS8CTAAC2AARYAAADAAADACmg',
  'ygYQAAADAAADAAADAAADAAADAAADAAADAAADAAAKCAAAAGooAa8TIaI8+OaocNP//iaUf/0654fp5dLSeb2Q7muztmBFLaUA',
  'AAjQABpQowIpbSgAAEaAAJQABVABn5MAAMcABzAAAAMAAAMAeMDKCcAAAAMAAAMAAAMAAAMAAAMAAAMAAAMAAAMAAAyo',
];

it('decodes the primary picture of the file, wherever it stands', async () => {
  const source = join(folder, 'primary.heic');
  await writeFile(source, Buffer.from(RED_PRIMARY.join(''), 'base64'));
  const target = join(folder, 'primary.png');
  await decode(source, target);
  const { channels } = await sharp(target).stats();
  expect(channels[0]?.mean).toBeGreaterThan(200);
  expect(channels[2]?.mean).toBeLessThan(50);
});
