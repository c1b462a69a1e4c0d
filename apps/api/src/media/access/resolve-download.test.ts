import { expect, test } from 'vitest';
import { derivative, rowOf } from '../../../test/harness/media-rows.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { resolveDownload, resolveHlsFile } from './resolve-download.ts';

const settings = { scanPolicy: 'gate', sourceAccess: 'members' } as DomainConfig;
const refused = { state: 'failed', scan_state: 'unscannable', upload_state: 'uploaded' } as const;

const codeOf = (row: Partial<MediaRow>, quality: 'source' | 'original'): string => {
  try {
    return resolveDownload(rowOf(row), settings, quality, { user_id: 'ann' }).key;
  } catch (error) {
    return (error as { problem: { code: string } }).problem.code;
  }
};

test.each(['source', 'original'] as const)('a refused file stays refused while it expires: %s', (quality) => {
  expect(codeOf(refused, quality)).toBe('media_failed');
  expect(codeOf({ ...refused, state: 'expiring', former_state: 'failed' }, quality)).toBe('media_failed');
});

test('a video that could not be transcoded is served from its source, even while it expires', () => {
  const video = { kind: 'video', scan_state: 'clean' } as const;
  const degraded = codeOf({ ...video, state: 'degraded' }, 'original');
  expect(degraded).toMatch(/\/source$/);
  expect(codeOf({ ...video, state: 'expiring', former_state: 'degraded' }, 'original')).toBe(degraded);
  expect(codeOf({ ...video, state: 'expiring', former_state: 'ready' }, 'original')).toBe('media_not_ready');
});

test('a playlist that is not the first format of its quality is played as HLS', () => {
  const further = { format: 'm3u8', s3_bucket: 'a', object_storage_key: 'hls/main.m3u8', size_bytes: 9 };
  const row = rowOf({
    ...{ kind: 'video', state: 'ready', scan_state: 'clean', applied_epoch: 1 },
    derivatives: [{ ...derivative(1, 'high'), format: 'mp4', further_formats: [further] }],
  });
  const of = (quality: 'high' | 'original') => resolveDownload(row, settings, quality, { user_id: 'ann' });
  expect(of('high')).toMatchObject({ content_type: 'video/mp4' });
  expect(of('original')).toMatchObject({ key: 'hls/main.m3u8', hls_epoch: 1, size_bytes: 9 });
  expect(resolveHlsFile(row, settings, 1, 'main.m3u8').key).toBe('hls/main.m3u8');
});
