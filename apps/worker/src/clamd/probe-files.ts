const NAME = Buffer.from('a');
const ENCRYPTED = 1;

/** A ZIP archive with one entry that claims to be encrypted, although no key can decrypt it. */
const encryptedZip = (): Buffer => {
  const content = Buffer.alloc(12, 'x');
  // Version, flags, method (stored), time, date, CRC-32, both sizes, length of the name, none of extra fields.
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(ENCRYPTED, 2);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(NAME.length, 22);
  const entry = Buffer.concat([Buffer.from('PK\x03\x04'), common, NAME, content]);
  const directory = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, Buffer.alloc(14), NAME]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(entry.length, 16);
  return Buffer.concat([entry, directory, end]);
};

/** A tar archive's header that announces 2 GiB − 1: clamd has a lower limit, whatever its configuration. */
const largeTar = (): Buffer => {
  const header = Buffer.alloc(512);
  header.write('a', 0);
  header.write('0000644', 100);
  header.write((2 ** 31 - 1).toString(8).padStart(11, '0'), 124);
  header.write('0'.repeat(11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
};

/** Files that no scanner can examine, with the option of clamd without which it reports them as clean. */
export const PROBE_FILES: readonly { option: string; file: Buffer }[] = [
  { option: 'AlertEncrypted', file: encryptedZip() },
  { option: 'AlertExceedsMax', file: largeTar() },
];
