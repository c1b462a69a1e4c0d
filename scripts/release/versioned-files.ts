import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHANGELOG, type Files } from './set-version.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const OTHERS = [
  'package-lock.json',
  CHANGELOG,
  'docs/sdk-react.md',
  'infra/helm/claimcheck/Chart.yaml',
  'infra/helm/claimcheck/README.md',
  'infra/helm/claimcheck/examples/large.yaml',
];

/** Reads every file that names our version. */
export const versionedFiles = async (): Promise<Files> => {
  const paths = [...OTHERS];
  for await (const path of glob('{package.json,{apps,packages}/*/package.json,e2e/package.json}', {
    cwd: ROOT,
  }))
    paths.push(path);
  return new Map(
    await Promise.all(
      paths.map(async (path): Promise<[string, string]> => [path, await readFile(join(ROOT, path), 'utf8')]),
    ),
  );
};
