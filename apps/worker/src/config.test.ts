import { ConfigError } from '@claimcheck/platform/process/config-error';
import { describe, expect, it } from 'vitest';
import { readWorkerConfig } from './config.ts';

const required = {
  NATS_URL: 'nats://127.0.0.1:4222',
  S3_ENDPOINT: 'http://127.0.0.1:7070',
  S3_BUCKET: 'claimcheck',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
  // Any programs will do: the configuration only finds their paths.
  FFMPEG_PATH: process.execPath,
  FFPROBE_PATH: process.execPath,
};

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readWorkerConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe('readWorkerConfig', () => {
  it('has defaults, and needs no database', () => {
    expect(readWorkerConfig(required)).toMatchObject({
      adminPort: 9_082,
      scanPolicy: 'gate',
      lanes: ['media', 'transcode'],
      maxAttempts: 5,
      maxImagePixels: 51_000_000,
      ackWait: 30_000,
    });
  });

  it('takes each lane once', () => {
    expect(readWorkerConfig({ ...required, LANES: 'media, media' }).lanes).toEqual(['media']);
  });

  it('runs without ffmpeg when told so, and then without the lane that needs it', () => {
    const without = { ...required, FFMPEG_PATH: 'none', FFPROBE_PATH: '' };
    expect(readWorkerConfig({ ...without, LANES: 'media' }).programs.ffmpeg).toBe('none');
    expect(problemsOf(without)).toEqual([expect.stringContaining('LANES: transcode needs ffmpeg')]);
  });

  it('names everything that is wrong at once', () => {
    const problems = problemsOf({
      ...required,
      NATS_URL: '',
      VIDEO_DELIVERY: 'film',
      LANES: 'media,other',
      FFMPEG_PATH: '/nonexistent',
    });
    expect(problems.map((line) => line.split(/[:.]/)[0]).sort()).toEqual([
      'FFMPEG_PATH',
      'LANES',
      'NATS_URL',
      'VIDEO_DELIVERY',
    ]);
  });
});
