// Writes docs/sdk-reference.md from the built declarations; with --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { referenceOf } from './reference.ts';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const TARGET = new URL('../../../docs/sdk-reference.md', import.meta.url);

const text = await referenceOf(DIST);
if (process.argv.includes('--check')) {
  const current = await readFile(TARGET, 'utf8').catch(() => '');
  if (current !== text)
    throw new Error('docs/sdk-reference.md is not up to date: npm run reference -w @claimcheck/client');
} else {
  await writeFile(TARGET, text);
}
