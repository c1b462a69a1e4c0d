import type { FileOfUser } from '../../harness/drill-world.ts';
import { smallPhoto, videoFile } from '../../harness/fixtures.ts';
import type { Seeded } from '../../harness/seeded.ts';

const MIB = 1_024 ** 2;
const OCTETS = 'application/octet-stream';

/** A box that players skip (ISO/IEC 14496-12, `free`). */
const freeBox = (content: Buffer): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + content.length);
  header.write('free', 4, 'latin1');
  return Buffer.concat([header, content]);
};

/** Mostly photos and small files, some of several parts, some videos; no two with the same bytes. */
export const uniqueFile = async (random: Seeded): Promise<FileOfUser> => {
  const salt = random.bytes(16);
  const kind = random.int(1, 100);
  if (kind <= 40)
    // Decoders stop at the end of the image.
    return {
      bytes: Buffer.concat([await smallPhoto(), salt]),
      filename: 'photo.jpg',
      filetype: 'image/jpeg',
    };
  if (kind <= 88)
    return { bytes: random.bytes(random.int(1, 200_000)), filename: 'note.bin', filetype: OCTETS };
  if (kind <= 96)
    return {
      bytes: random.bytes(random.int(6 * MIB, 12 * MIB)),
      filename: 'large.bin',
      filetype: OCTETS,
    };
  const bytes = Buffer.concat([await videoFile(), freeBox(salt)]);
  return { bytes, filename: 'video.mp4', filetype: 'video/mp4' };
};
