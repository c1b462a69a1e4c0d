import { eicarTestString } from '@claimcheck/local-stack/clamav-signature';
import { sha256 } from '../harness/fixtures.ts';
import type { Seeded } from '../harness/seeded.ts';
import type { HostileFile } from './hostile-file.ts';
import { zipFile } from './zip-file.ts';

const EICAR = Buffer.from(eicarTestString, 'latin1');
const MIB = 1_024 ** 2;

/** @param scanLimit bytes that the scanner accepts */
export const hostileArchives = (random: Seeded, scanLimit: number): HostileFile[] => {
  const zip = { filetype: 'application/zip' } as const;
  const infected = { ends: ['blocked'], scan: 'infected' } as const;
  const inner = zipFile([{ name: 'eicar.com', content: EICAR }]);
  return [
    { ...infected, name: 'EICAR', filetype: 'text/plain', bytes: EICAR },
    {
      ...infected,
      name: 'EICAR with the SHA-256 of something else',
      filetype: 'text/plain',
      bytes: EICAR,
      sha256: sha256(Buffer.from('something else')),
    },
    {
      name: 'a text with the SHA-256 of something else',
      filetype: 'text/plain',
      bytes: Buffer.from('a text'),
      sha256: sha256(Buffer.from('something else')),
      ends: ['failed'],
      code: 'hash_mismatch',
    },
    { ...zip, ...infected, name: 'EICAR in a ZIP', bytes: inner },
    {
      ...zip,
      ...infected,
      name: 'EICAR in a ZIP in a ZIP',
      bytes: zipFile([{ name: 'a.zip', content: inner }]),
    },
    {
      ...zip,
      name: 'an encrypted ZIP',
      bytes: zipFile([{ name: 'secret.txt', content: random.bytes(500), encrypted: true }]),
      ends: ['failed'],
      code: 'no_verdict',
      scan: 'unscannable',
    },
    {
      ...zip,
      name: 'a ZIP of 64 MiB of zeros',
      bytes: zipFile([{ name: 'zeros', content: Buffer.alloc(64 * MIB) }]),
      ends: ['ready'],
    },
    {
      name: 'a file over the limit of the scanner',
      filetype: 'application/octet-stream',
      bytes: random.bytes(scanLimit + 1),
      ends: ['ready'],
      scan: 'unscannable',
    },
  ];
};
