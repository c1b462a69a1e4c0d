import type { HostileFile } from './hostile-file.ts';
import { type Box, changeBoxes, readBoxes, writeBoxes } from './mp4-boxes.ts';

const changed = (mp4: Buffer, change: (box: Box) => Box[]): Buffer =>
  writeBoxes(changeBoxes(readBoxes(mp4), change));

const STREAMS = 1_000;

const withManyStreams = (mp4: Buffer): Buffer =>
  changed(mp4, (box) => (box.type === 'trak' ? Array.from({ length: STREAMS / 2 }, () => box) : [box]));

// Version and flags, then a number of entries, which is zero; stsz has a common size before it.
const EMPTY_TABLES: Record<string, number> = {
  stts: 8,
  stsc: 8,
  stco: 8,
  co64: 8,
  ctts: 8,
  stss: 8,
  stsz: 12,
};

const withoutFrames = (mp4: Buffer): Buffer =>
  changed(mp4, (box) => {
    const size = EMPTY_TABLES[box.type];
    return size === undefined ? [box] : [{ ...box, content: Buffer.alloc(size) }];
  });

/** An mp4 that says its pictures and sounds are in another file. */
const withContentAt = (mp4: Buffer, url: string): Buffer => {
  const content = Buffer.concat([Buffer.alloc(4), Buffer.from(`${url}\0`)]);
  const entry = writeBoxes([{ type: 'url ', content }]);
  return changed(mp4, (box) =>
    box.type === 'dref' ? [{ ...box, content: Buffer.concat([box.content.subarray(0, 8), entry]) }] : [box],
  );
};

const withHugePictures = (mp4: Buffer): Buffer =>
  changed(mp4, (box) => {
    if (box.type !== 'stsd' || box.content.toString('latin1', 12, 16) !== 'avc1') return [box];
    const content = Buffer.from(box.content);
    // Width and height of the sample entry.
    content.writeUInt16BE(0xffff, 40);
    content.writeUInt16BE(0xffff, 42);
    return [{ ...box, content }];
  });

const playlist = (canary: string): string =>
  `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${canary}/segment.ts\n#EXTINF:5,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n`;

const manifest = (canary: string): string =>
  `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>${canary}/</BaseURL></Period></MPD>`;

/** @param canary an address that nothing may connect to */
export const hostileVideos = (mp4: Buffer, canary: string): HostileFile[] => {
  const video = { filetype: 'video/mp4', ends: ['degraded'] } as const;
  // The content decides: texts, delivered as attachments, never followed.
  const text = { filetype: 'video/mp4', ends: ['ready'] } as const;
  return [
    { ...text, name: 'a playlist named .mp4', bytes: Buffer.from(playlist(canary)) },
    {
      ...text,
      name: 'a list of files named .mp4',
      bytes: Buffer.from(`ffconcat version 1.0\nfile '${canary}/a.mp4'\nfile '/etc/hostname'\n`),
    },
    { ...text, name: 'a manifest named .mp4', bytes: Buffer.from(manifest(canary)) },
    {
      ...video,
      name: 'a playlist behind the head of an mp4',
      bytes: Buffer.concat([mp4.subarray(0, 32), Buffer.from(playlist(canary))]),
    },
    { ...video, name: `an mp4 with ${STREAMS} streams`, bytes: withManyStreams(mp4) },
    { ...video, name: 'an mp4 without a frame', bytes: withoutFrames(mp4) },
    {
      ...video,
      name: 'an mp4 whose content is elsewhere',
      bytes: withContentAt(mp4, `${canary}/content`),
      // Read from the file itself, as if the reference did not exist.
      ends: ['degraded', 'ready'],
    },
    {
      ...video,
      name: 'an mp4 that says it has 4,295 megapixels',
      bytes: withHugePictures(mp4),
      ends: ['degraded', 'ready'],
    },
  ];
};
