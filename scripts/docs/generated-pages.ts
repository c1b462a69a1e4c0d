import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cliPage } from './cli-page.ts';
import { configurationPage } from './configuration-page.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

/** Pages that `npm run docs` writes. */
export const GENERATED_PAGES: readonly { file: string; text: () => string }[] = [
  { file: join(DOCS, 'cli.md'), text: () => `${cliPage()}\n` },
  { file: join(DOCS, 'configuration.md'), text: configurationPage },
];
