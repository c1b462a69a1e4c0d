import { expect, test } from 'vitest';
import { allFindings } from './all-findings.ts';
import { findOddWords, isProse } from './find-odd-words.ts';

const foundIn = (file: string, source: string) =>
  findOddWords(file, source).map(({ line, found }) => `${line}: ${found}`);

test('comments and texts of code are read, code is not', () => {
  const source = `
/**
 * A client starts anew,
 * who knows when. \`begun\` is code.
 */
const begun = 'begun'; // Nobody
// cares. Who cares?
throw new Error(\`\${begun} was not begun\`);
`;
  expect(foundIn('a.ts', source)).toEqual(['2: anew', '6: Who cares', '6: Nobody', '8: begun']);
});

test('a relative clause passes, a clause as subject does not', () => {
  expect(foundIn('a.ts', '// members\n// who left: whoever comes')).toEqual([
    '1: whoever comes',
    '1: whoever',
  ]);
});

test('Markdown is read by paragraph and cell, without its code', () => {
  const source = '# Who may\n\nmembers\nwho left\n\n- begun\n\n```sh\ngo on\n```\n| `anew` | who has it |\n';
  expect(foundIn('a.md', source)).toEqual(['1: Who may', '11: who has', '6: begun']);
});

test('JSX, YAML, SQL, CSS and shell are read', () => {
  expect(foundIn('a.tsx', 'const a = <b>Please go on</b>;')).toEqual(['1: go on']);
  expect(foundIn('a.yaml', 'summary: it was told')).toEqual(['1: was told']);
  expect(foundIn('a.sql', 'SELECT told -- is told')).toEqual(['1: is told']);
  expect(foundIn('a.css', 'a { color: red; } /* looks at */')).toEqual(['1: looks at']);
  expect(foundIn('a.sh', 'begun=1\n# begun')).toEqual(['2: begun']);
});

test('data and migrations are exempt', () => {
  expect(isProse('apps/api/src/main.ts')).toBe(true);
  expect(isProse('prisma/migrations/1/migration.sql')).toBe(false);
  expect(isProse('e2e/fixtures/README.md')).toBe(false);
  expect(isProse('package-lock.json')).toBe(false);
});

test('no file has an odd word', { timeout: 60_000 }, async () => {
  expect(await allFindings()).toEqual([]);
});
