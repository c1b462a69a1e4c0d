import type { Result } from '../../src/media/results/result.ts';

type Stage = 'preview' | 'scan' | 'final';

const base = (
  mediaId: string,
  epoch: number,
  contentType: string,
  qualities: [string, string][],
): Result => ({
  mediaId,
  epoch,
  originalUrl: 'https://media.example/x',
  success: true,
  contentType,
  processed: qualities.map(([quality, format]) => ({
    quality,
    format,
    key: `${mediaId}/e${epoch}/${quality}.${format}`,
    size: 10,
  })),
});

const QUALITIES: Record<string, Record<'preview' | 'final', [string, string][]>> = {
  'image/jpeg': {
    preview: [['thumbnail', 'webp']],
    final: [
      ['high', 'webp'],
      ['medium', 'webp'],
      ['low', 'webp'],
      ['thumbnail', 'webp'],
    ],
  },
  'video/mp4': {
    preview: [['thumbnail', 'jpg']],
    final: [
      ['original', 'mp4'],
      ['thumbnail', 'jpg'],
    ],
  },
};

/** Returns a worker's result when every step succeeds. */
export const resultOf = (
  mediaId: string,
  stage: Stage,
  epoch = 1,
  contentType: 'image/jpeg' | 'video/mp4' = 'image/jpeg',
): Result => {
  if (stage === 'scan') return { ...base(mediaId, epoch, contentType, []), stage, code: 'clean' };
  return { ...base(mediaId, epoch, contentType, QUALITIES[contentType]?.[stage] ?? []), stage };
};
