/** Files by their path from the root. */
export type Files = ReadonlyMap<string, string>;

export const VERSION = /^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/;
export const CHANGELOG = 'CHANGELOG.md';
const MANIFEST = /(^|\/)package\.json$/;
const UNRELEASED = '## [Unreleased]';

/**
 * Sets one version everywhere: manifests, lock file, chart, and the pages that name an image.
 * @returns the files that change
 * @throws Error when the version is not one, or nothing is listed under "Unreleased"
 */
export const setVersion = (files: Files, next: string, date: string): Files => {
  if (!VERSION.test(next)) throw new Error(`${next} is not a version such as 1.2.3 or 1.2.3-rc.1`);
  const current = versionOf(files);
  const changed = [...files].map(([path, text]): [string, string] => {
    if (path === CHANGELOG) return [path, releaseNotes(text, next, date)];
    if (MANIFEST.test(path)) return [path, text.replace(`"version": "${current}"`, `"version": "${next}"`)];
    if (path === 'package-lock.json') return [path, lockFile(text, next)];
    return [path, text.replaceAll(current, next)];
  });
  return new Map(changed.filter(([path, text]) => text !== files.get(path)));
};

/** Returns the version of the root's manifest. */
export const versionOf = (files: Files): string => {
  const { version } = JSON.parse(files.get('package.json') ?? '{}');
  if (typeof version !== 'string') throw new Error('package.json has no version');
  return version;
};

/** Returns what CHANGELOG.md says of a version. @throws Error when it says nothing */
export const notesOf = (changelog: string, version: string): string => {
  const section = changelog.split(/^## \[/m).find((text) => text.startsWith(`${version}]`));
  const notes = section?.slice(section.indexOf('\n')).trim();
  if (!notes) throw new Error(`${CHANGELOG} says nothing of ${version}`);
  return notes;
};

const releaseNotes = (changelog: string, next: string, date: string): string => {
  notesOf(changelog, 'Unreleased');
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n\n## [${next}] - ${date}`);
};

/** Our own packages in the lock file: the root and every workspace. */
const lockFile = (text: string, next: string): string => {
  const lock = JSON.parse(text);
  lock.version = next;
  for (const [path, entry] of Object.entries<{ version?: string }>(lock.packages))
    if (!path.includes('node_modules') && entry.version !== undefined) entry.version = next;
  return `${JSON.stringify(lock, null, 2)}\n`;
};
