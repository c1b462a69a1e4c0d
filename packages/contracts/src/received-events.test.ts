import { describe, expect, test } from 'vitest';
import { receivedResponseSchema, receivedVirusSchema } from './received-events.ts';

const ID = '550e8400-e29b-41d4-a716-446655440000';
const response = { mediaId: ID, success: true };
const read = (fields: object) => receivedResponseSchema.parse({ ...response, ...fields });

describe('a response', () => {
  test.each([
    ['error', 'x'.repeat(1_500), 'x'.repeat(1_000)],
    ['error', 'a\u0000b', 'a?b'],
    ['code', 'c'.repeat(100), 'c'.repeat(64)],
    ['durationMs', 5_312.5, 5_313],
    ['durationMs', '5312', 5_312],
    ['width', 1_280.4, 1_280],
    ['percent', 12.6, 13],
    ['sha256', 'A'.repeat(64), 'a'.repeat(64)],
    ['waveform', [0, 50.4, 100], [0, 50, 100]],
  ])('a value is cut or rounded to fit into a row: %s %j', (field, given, expected) => {
    expect(read({ [field]: given })).toMatchObject({ [field]: expected, dropped: [] });
  });

  test.each([
    ['width', 0],
    ['height', -5],
    ['height', 'high'],
    ['width', 2_147_483_648],
    ['durationMs', 39_639_917_136],
    ['percent', 101],
    ['contentType', 'image/png\u0000'],
    ['thumbhash', '%%%'],
    ['sha256', 'not a hash'],
    ['kind', 'hologram'],
    ['retryable', 'no'],
    ['waveform', [1, 2, 300]],
    ['pageCount', 0],
    ['worker', 5],
    ['scanner', 5],
    ['error', 5],
  ])('an unreadable field is dropped, and no other: %s %j', (field, value) => {
    const received = read({ [field]: value, height: 3, width: 4, [field]: value });
    expect(received).toMatchObject({ mediaId: ID, success: true, dropped: [field] });
    expect(received[field as keyof typeof received]).toBeUndefined();
  });

  test('null counts as absent', () => {
    const received = read({ epoch: null, error: null, width: null, processed: null });
    expect(received).toMatchObject({ dropped: [] });
    expect(received.epoch).toBeUndefined();
  });

  test('values of a later release are kept', () => {
    const processed = [{ quality: 'ultra', format: 'jxl', url: 's3://b/k', size: 1 }];
    expect(read({ stage: 'subtitles', processed })).toMatchObject({ stage: 'subtitles', processed });
  });

  test('an unreadable entry of processed is dropped, and the others are kept', () => {
    const whole = { quality: 'low', format: 'webp', url: 's3://b/k', size: 1.5, width: 0 };
    const received = read({ processed: [5, { ...whole, url: 7 }, whole] });
    expect(received.processed).toEqual([{ ...whole, size: 2, width: undefined, height: undefined }]);
    expect(received.dropped).toEqual(['processed']);
  });

  test.each([
    ['mediaId', 'not an id'],
    ['success', 'yes'],
    ['epoch', 0],
    ['epoch', 2_147_483_648],
    ['stage', 5],
  ])('an event that does not name its subject is refused: %s %j', (field, value) => {
    expect(receivedResponseSchema.safeParse({ ...response, [field]: value }).success).toBe(false);
  });
});

describe('a virus alert', () => {
  test.each([
    ['2026-11-28T23:00:00Z', '2026-11-28T23:00:00.000Z'],
    ['2026-11-28T23:00:00+02:00', '2026-11-28T21:00:00.000Z'],
    ['2026-11-28T23:00:00+0200', '2026-11-28T21:00:00.000Z'],
    ['2026-11-28T23:00:00-02', '2026-11-29T01:00:00.000Z'],
    ['2026-11-28T23:00:00.123456', '2026-11-28T23:00:00.123Z'],
    ['2026-11-28T23:00Z', '2026-11-28T23:00:00.000Z'],
    ['20261128T230000Z', '2026-11-28T23:00:00.000Z'],
    ['2026-11-28', '2026-11-28T00:00:00.000Z'],
    ['yesterday', undefined],
    [5, undefined],
  ])('a virus alert is read whatever its detectedAt: %s', (given, expected) => {
    expect(receivedVirusSchema.parse({ mediaId: ID, detectedAt: given }).detectedAt).toBe(expected);
  });

  test('a virus alert needs nothing but the media object', () => {
    expect(receivedVirusSchema.parse({ mediaId: ID })).toMatchObject({ mediaId: ID, virusName: 'unknown' });
    expect(receivedVirusSchema.safeParse({ virusName: 'Eicar' }).success).toBe(false);
  });

  test('a virus alert keeps any action, and the beginning of any name', () => {
    const virus = {
      mediaId: ID,
      actionTaken: 'quarantined',
      virusName: `Win.\n${'x'.repeat(300)}`,
      s3Key: 5,
    };
    const received = receivedVirusSchema.parse(virus);
    expect(received).toMatchObject({ actionTaken: 'quarantined', s3Key: undefined });
    expect(received.virusName).toBe(`Win.?${'x'.repeat(250)}`);
  });
});
