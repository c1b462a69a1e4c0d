import { expect, test } from 'vitest';
import { rowOf } from '../../../test/harness/media-rows.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { resolveDownload } from './resolve-download.ts';

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
