/**
 * Finds wordings that we avoid in comments, texts and documents.
 *
 *     npm run lint:prose                      compares with scripts/prose/allowed.json
 *     npm run lint:prose -- apps/api/src/tus  lists each place below a path
 *     npm run lint:prose -- --update          lowers the counts in allowed.json, and never raises one
 *
 * allowed.json counts by area (`apps/api`), not by file: moving a file changes nothing. A lower count
 * passes as it is.
 */
import type { Finding } from './find-odd-words.ts';
import { allFindings, countByArea, lowerAllowed, readAllowed, risenAreas } from './ratchet.ts';

const run = async (args: readonly string[]): Promise<number> => {
  const findings = await allFindings();
  const [path] = args.filter((arg) => !arg.startsWith('-'));
  if (path !== undefined) return list(findings.filter(({ file }) => file.startsWith(path)));
  const allowed = await readAllowed();
  const counts = countByArea(findings);
  if (args.includes('--update')) {
    await lowerAllowed(counts, allowed);
    return 0;
  }
  const risen = risenAreas(counts, allowed);
  for (const area of risen) {
    console.error(`${area}: ${counts[area]} odd words, ${allowed[area] ?? 0} allowed`);
    console.error(`  npm run lint:prose -- ${area} lists them`);
  }
  return risen.length === 0 ? 0 : 1;
};

const list = (findings: readonly Finding[]): number => {
  for (const { file, line, found, instead } of findings)
    console.error(`${file}:${line}: "${found}" (${instead})`);
  return findings.length === 0 ? 0 : 1;
};

process.exitCode = await run(process.argv.slice(2));
