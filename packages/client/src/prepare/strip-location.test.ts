import { expect, test } from 'vitest';
import { stripLocation } from './strip-location.ts';

const segment = (marker: number, content: number[]) => {
  const length = content.length + 2;
  return [0xff, marker, length >> 8, length & 0xff, ...content];
};
const text = (value: string) => [...new TextEncoder().encode(value)];
const END = [...segment(0xda, [0]), 1, 2, 3, 0xff, 0xd9];
const jpeg = (...segments: number[][]) =>
  new Blob([new Uint8Array([0xff, 0xd8, ...segments.flat(), ...END])], { type: 'image/jpeg' });
const bytesOf = async (blob: Blob) => [...new Uint8Array(await blob.arrayBuffer())];

// TIFF, big endian: a directory with a GPS pointer and a width, then the GPS directory with one value elsewhere.
const EXIF = [
  ...text('Exif\0\0MM'),
  ...[0, 42, 0, 0, 0, 8, 0, 2],
  ...[0x01, 0x00, 0, 3, 0, 0, 0, 1, 0, 9, 0, 0],
  ...[0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38],
  ...[0, 0, 0, 0],
  ...[0, 1, 0, 2, 0, 5, 0, 0, 0, 1, 0, 0, 0, 56, 0, 0, 0, 0],
  ...[0, 0, 0, 51, 0, 0, 0, 1],
];

test('stripping zeroes the GPS directory and its values, removes its entry and keeps the other', async () => {
  const kept = segment(0xe0, text('JFIF\0'));
  const stripped = await stripLocation(jpeg(kept, segment(0xe1, EXIF)), 'image/jpeg', true);
  const expected = [
    ...text('Exif\0\0MM'),
    ...[0, 42, 0, 0, 0, 8, 0, 1],
    ...[0x01, 0x00, 0, 3, 0, 0, 0, 1, 0, 9, 0, 0],
    ...new Array<number>(16 + 18 + 8).fill(0),
  ];
  expect(await bytesOf(stripped)).toEqual([0xff, 0xd8, ...kept, ...segment(0xe1, expected), ...END]);
});

test.each(['application/octet-stream', 'IMAGE/JPEG', 'image/heic', 'text/plain'])(
  'a photo that is called %s loses its location too',
  async (type) => {
    const photo = jpeg(segment(0xe1, EXIF));
    const stripped = await stripLocation(photo, type, true);
    expect(await bytesOf(stripped)).toEqual(await bytesOf(await stripLocation(photo, 'image/jpeg', true)));
    expect(stripped).not.toBe(photo);
  },
);

test('EXIF with offsets that lead nowhere is removed as a whole', async () => {
  const wrong = EXIF.with(EXIF.length - 9, 0).with(39, 200);
  const stripped = await stripLocation(jpeg(segment(0xe1, wrong)), 'image/jpeg', true);
  expect(await bytesOf(stripped)).toEqual([0xff, 0xd8, ...END]);
});

test('XMP that mentions GPS is removed, other XMP stays', async () => {
  const xmp = (words: string) => segment(0xe1, text(`http://ns.adobe.com/xap/1.0/\0${words}`));
  const other = xmp('<x:xmpmeta/>');
  const stripped = await stripLocation(jpeg(xmp('exif:GPSLatitude'), other), 'image/jpeg', true);
  expect(await bytesOf(stripped)).toEqual([0xff, 0xd8, ...other, ...END]);
});

test('a photo without a location is sent as it is', async () => {
  const photo = jpeg(segment(0xe0, text('JFIF\0')));
  expect(await stripLocation(photo, 'image/jpeg', true)).toBe(photo);
});

test.each([
  ['image/heic', true, 'location_kept'],
  ['video/mp4', true, 'location_kept'],
  ['image/jpeg', true, 'location_kept'],
  ['application/octet-stream', true, 'location_kept'],
  ['VIDEO/MP4', true, 'location_kept'],
])('%s that cannot be changed is refused by name', async (type, wanted, code) => {
  const file = new Blob(['something else'], { type });
  await expect(stripLocation(file, type, wanted)).rejects.toMatchObject({ code, field: 'stripLocation' });
  expect(await stripLocation(file, type, 'if-possible')).toBe(file);
  expect(await stripLocation(file, type, false)).toBe(file);
});

test('a JPEG that cannot be read is refused, whatever it is called', async () => {
  const broken = new Blob([new Uint8Array([0xff, 0xd8, 0xff])]);
  await expect(stripLocation(broken, 'text/plain', true)).rejects.toMatchObject({ code: 'location_kept' });
});

test('a file that is neither picture nor film has no location', async () => {
  const file = new Blob(['a text']);
  expect(await stripLocation(file, 'text/plain', true)).toBe(file);
});
