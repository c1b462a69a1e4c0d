import { createCipheriv } from 'node:crypto';
import { makeWithFfmpeg } from '../../harness/make-with-ffmpeg.ts';
import type { CorpusFile } from './corpus-file.ts';

const TONE = ['-f', 'lavfi', '-i', 'sine=r=44100:d=2'];

/** The same bytes in every run, as random as those of an encrypted file. */
const encryptedLikeMp3 = (): Buffer => {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 7), Buffer.alloc(16));
  return Buffer.concat([Buffer.from([0xff, 0xfb, 0x90]), cipher.update(Buffer.alloc(300_000))]);
};

const sound = (name: string, filetype: string, args: string[], extension: string): CorpusFile => ({
  ...{ name, group: 'sound', filetype },
  make: () => makeWithFfmpeg([...TONE, ...args], extension),
  expected: { state: 'ready', kind: 'audio', duration: 2_000, hasSound: true },
});

export const sounds = (): CorpusFile[] => [
  sound('MP3', 'audio/mpeg', [], 'mp3'),
  sound('MP3 of variable bitrate without a header', 'audio/mpeg', ['-q:a', '2', '-write_xing', '0'], 'mp3'),
  sound('m4a, AAC', 'audio/mp4', ['-c:a', 'aac'], 'm4a'),
  sound('m4a, Apple Lossless', 'audio/mp4', ['-c:a', 'alac'], 'm4a'),
  sound('AAC stream', 'audio/aac', ['-c:a', 'aac', '-f', 'adts'], 'aac'),
  sound('Ogg, Opus', 'audio/ogg', ['-c:a', 'libopus'], 'ogg'),
  sound('Ogg, Vorbis', 'audio/ogg', ['-c:a', 'libvorbis'], 'ogg'),
  sound('WebM, Opus', 'audio/webm', ['-c:a', 'libopus'], 'webm'),
  sound('FLAC', 'audio/flac', [], 'flac'),
  sound('WAV', 'audio/wav', [], 'wav'),
  sound('AIFF', 'audio/aiff', [], 'aiff'),
  sound('CAF', 'audio/x-caf', ['-c:a', 'alac'], 'caf'),
  sound('Windows Media Audio', 'audio/x-ms-wma', ['-c:a', 'wmav2'], 'wma'),
  sound('AC-3', 'audio/ac3', ['-c:a', 'ac3'], 'ac3'),
];

const PDF =
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n'.concat(
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
  );

const file = (
  name: string,
  filetype: string,
  bytes: Uint8Array | string,
  expected: Partial<CorpusFile['expected']> = {},
): CorpusFile => ({
  ...{ name, group: 'documents and other files', filetype },
  make: async () => Buffer.from(bytes as Uint8Array),
  expected: { state: 'ready', kind: 'document', ...expected },
});

export const files = (): CorpusFile[] => [
  file('PDF', 'application/pdf', PDF, { pages: 1 }),
  file('TypeScript declared video/mp2t', 'video/mp2t', 'export const a: number = 1;\n'),
  file('text in UTF-16', 'text/plain', Buffer.from('\ufeffGrüße\r\n', 'utf16le')),
  file('text in Latin-1', 'text/plain', Buffer.from('Grüße aus Köln\n', 'latin1')),
  file('text that begins with BM, as a bitmap does', 'text/plain', 'BMW 320d, 12.000 km\n'),
  file('SVG', 'image/svg+xml', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
  file('bytes of no known kind', 'audio/mpeg', Buffer.alloc(2_000), { kind: 'other' }),
  file('encrypted bytes that begin as an MP3 does', 'application/octet-stream', encryptedLikeMp3(), {
    kind: 'other',
  }),
];

export const damaged = (): CorpusFile[] => [
  {
    ...{ name: 'mp4, cut in half', group: 'damaged files', filetype: 'video/mp4' },
    make: async () => {
      const whole = await makeWithFfmpeg(['-f', 'lavfi', '-i', 'testsrc=s=160x90:d=2'], 'mp4');
      return whole.subarray(0, whole.length / 2);
    },
    expected: { state: 'degraded', kind: 'other', failure: 'unreadable' },
  },
  {
    ...{ name: 'AVI in a codec that is not decoded', group: 'damaged files', filetype: 'video/x-msvideo' },
    make: () => makeWithFfmpeg(['-f', 'lavfi', '-i', 'testsrc=s=160x90:d=1', '-c:v', 'zmbv'], 'avi'),
    expected: { state: 'degraded', kind: 'other', failure: 'unsupported_codec' },
  },
];
