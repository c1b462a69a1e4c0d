/**
 * Prepares a release.
 *
 *     npm run release -- 0.2.0            sets the version everywhere, and dates the changelog
 *     npm run release -- --check 0.2.0    fails unless every file has this version and the changelog notes
 *     npm run release -- --notes 0.2.0    prints the changelog's notes
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHANGELOG, notesOf, setVersion, VERSION, versionOf } from './set-version.ts';
import { ROOT, versionedFiles } from './versioned-files.ts';

const EX_USAGE = 64;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, notes: { type: 'boolean' } },
});
const [version = ''] = positionals;
if (!VERSION.test(version) || positionals.length !== 1) {
  console.error('npm run release -- [--check | --notes] <version, such as 0.2.0>');
  process.exit(EX_USAGE);
}
const files = await versionedFiles();
if (values.notes === true) {
  console.log(notesOf(files.get(CHANGELOG) ?? '', version));
} else if (values.check === true) {
  notesOf(files.get(CHANGELOG) ?? '', version);
  if (versionOf(files) !== version) throw new Error(`package.json says ${versionOf(files)}`);
} else {
  const today = new Date().toISOString().slice(0, 10);
  for (const [path, text] of setVersion(files, version, today)) {
    await writeFile(join(ROOT, path), text);
    console.log(path);
  }
  console.log(`\nCommit this as "chore: release ${version}", then: git tag v${version} && git push --tags`);
}
