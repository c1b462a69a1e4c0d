import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { smallPhoto } from '../harness/fixtures.ts';
import { makeWithFfmpeg } from '../harness/make-with-ffmpeg.ts';
import { zipFile } from './zip-file.ts';

export interface RealFile {
  kind: string;
  filetype: string;
  bytes: Buffer;
}

const EDGE = 160;
const VIDEO = fileURLToPath(new URL('../fixtures/big-buck-bunny-5s.mp4', import.meta.url));

const pictures = async (): Promise<RealFile[]> => {
  const small = sharp(await smallPhoto()).resize(EDGE, EDGE);
  const frames = await Promise.all([0, 90, 180].map((angle) => small.clone().rotate(angle).png().toBuffer()));
  const moving = sharp(frames, { join: { animated: true } });
  return Promise.all(
    [
      { kind: 'jpeg', image: small.clone().jpeg() },
      { kind: 'png', image: small.clone().png() },
      { kind: 'webp', image: small.clone().webp() },
      { kind: 'gif', image: moving.clone().gif() },
      { kind: 'moving webp', image: moving.clone().webp() },
      { kind: 'avif', image: small.clone().avif({ effort: 0 }) },
      { kind: 'tiff', image: small.clone().tiff({ compression: 'lzw' }) },
    ].map(async ({ kind, image }) => {
      const filetype = `image/${kind.split(' ').at(-1)}`;
      return { kind, filetype, bytes: await image.toBuffer() };
    }),
  );
};

const PICTURE = ['-vf', 'scale=160:-2', '-r', '10'];
const FROM_VIDEO = ['-t', '1', '-i', VIDEO];

/** Kind, content type, ffmpeg's arguments. */
const TIMED: readonly (readonly [string, string, readonly string[]])[] = [
  ['mp4', 'video/mp4', [...PICTURE, '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac']],
  ['mov', 'video/quicktime', [...PICTURE, '-c:v', 'mpeg4', '-c:a', 'pcm_s16le']],
  ['webm', 'video/webm', [...PICTURE, '-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libopus']],
  ['mkv', 'video/matroska', [...PICTURE, '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'libvorbis']],
  ['mp3', 'audio/mpeg', ['-vn', '-c:a', 'libmp3lame']],
  ['m4a', 'audio/mp4', ['-vn', '-c:a', 'aac']],
  ['ogg', 'audio/ogg', ['-vn', '-c:a', 'libvorbis']],
  ['opus', 'audio/ogg', ['-vn', '-c:a', 'libopus']],
  ['wav', 'audio/wav', ['-vn', '-c:a', 'pcm_s16le', '-ar', '8000']],
];

const documents = (): RealFile[] => {
  const text = Buffer.from('Grüße aus dem Süden. '.repeat(50));
  const pdf =
    '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n';
  const types = Buffer.from(
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
  );
  const docx = zipFile([
    { name: '[Content_Types].xml', content: types },
    { name: 'word/document.xml', content: Buffer.from('<w:document/>') },
  ]);
  return [
    { kind: 'text', filetype: 'text/plain', bytes: text },
    { kind: 'pdf', filetype: 'application/pdf', bytes: Buffer.from(pdf) },
    { kind: 'zip', filetype: 'application/zip', bytes: zipFile([{ name: 'a.txt', content: text }]) },
    {
      kind: 'docx',
      filetype: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      bytes: docx,
    },
  ];
};

/** Creates a complete, small file of every kind that the worker knows. */
export const realFiles = async (): Promise<RealFile[]> => {
  const timed = await Promise.all(
    TIMED.map(async ([kind, filetype, args]) => ({
      kind,
      filetype,
      bytes: await makeWithFfmpeg([...FROM_VIDEO, ...args], kind),
    })),
  );
  return [...(await pictures()), ...timed, ...documents()];
};
