import { readFile } from 'node:fs/promises';

const PAGE = new URL('../../docs/configuration.md', import.meta.url);

/** Returns the variables that docs/configuration.md names in the first cells of its tables. */
export const documentedVariables = async (): Promise<Set<string>> => {
  const firstCells = (await readFile(PAGE, 'utf8')).split('\n').filter((line) => line.startsWith('|'));
  return new Set(firstCells.flatMap((line) => line.split('|')[1]?.match(/[A-Z][A-Z0-9_]{3,}/g) ?? []));
};
