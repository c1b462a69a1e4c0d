import { readFile } from 'node:fs/promises';

const README = new URL('../../README.md', import.meta.url);

/** The variables of README's configuration table. */
export const documentedVariables = async (): Promise<Set<string>> => {
  const readme = await readFile(README, 'utf8');
  const table = readme.split('## Configuration')[1]?.split('\n## ')[0] ?? '';
  const firstCells = table.split('\n').filter((line) => line.startsWith('|'));
  return new Set(firstCells.flatMap((line) => line.split('|')[1]?.match(/[A-Z][A-Z0-9_]{3,}/g) ?? []));
};
