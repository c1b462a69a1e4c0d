/**
 * Lists each wording that we avoid in comments, texts and documents, and fails if there is any.
 *
 *     npm run lint:prose                      checks every file
 *     npm run lint:prose -- apps/api/src/tus  checks what is below a path
 */
import { allFindings } from './all-findings.ts';

const [path = ''] = process.argv.slice(2);
const findings = (await allFindings()).filter(({ file }) => file.startsWith(path));
for (const { file, line, found, instead } of findings)
  console.error(`${file}:${line}: "${found}" (${instead})`);
process.exitCode = findings.length === 0 ? 0 : 1;
