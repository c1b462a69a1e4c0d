// What `npm run docs` runs.
import { writeFile } from 'node:fs/promises';
import { GENERATED_PAGES } from './generated-pages.ts';

for (const { file, text } of GENERATED_PAGES) await writeFile(file, text());
