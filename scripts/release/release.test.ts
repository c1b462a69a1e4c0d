import { expect, test } from 'vitest';
import { CHANGELOG, type Files, notesOf, setVersion, versionOf } from './set-version.ts';
import { versionedFiles } from './versioned-files.ts';

const files = new Map([
  ['package.json', '{ "version": "0.1.0", "dependencies": { "other": "0.1.0" } }'],
  [
    'package-lock.json',
    '{"version":"0.1.0","packages":{"":{"version":"0.1.0"},"node_modules/a":{"version":"0.1.0"}}}',
  ],
  ['infra/helm/claimcheck/Chart.yaml', 'version: 0.1.0\nappVersion: "0.1.0"\n'],
  ['CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Something.\n'],
]);

test('a release sets one version everywhere, and leaves dependencies alone', () => {
  const changed = setVersion(files, '0.2.0', '2026-12-01');
  expect(changed.get('package.json')).toBe('{ "version": "0.2.0", "dependencies": { "other": "0.1.0" } }');
  expect(JSON.parse(changed.get('package-lock.json') ?? '')).toEqual({
    version: '0.2.0',
    packages: { '': { version: '0.2.0' }, 'node_modules/a': { version: '0.1.0' } },
  });
  expect(changed.get('infra/helm/claimcheck/Chart.yaml')).toBe('version: 0.2.0\nappVersion: "0.2.0"\n');
  const changelog = changed.get('CHANGELOG.md') ?? '';
  expect(changelog).toContain('## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n');
  expect(notesOf(changelog, '0.2.0')).toBe('### Added\n\n- Something.');
});

test('a release without notes, or with another kind of version, is refused', () => {
  expect(() => setVersion(files, 'v0.2', '2026-12-01')).toThrow('is not a version');
  const empty = new Map([...files, ['CHANGELOG.md', '## [Unreleased]\n']]);
  expect(() => setVersion(empty, '0.2.0', '2026-12-01')).toThrow('says nothing of Unreleased');
});

/** The commit of a release has no notes under "Unreleased", and is tested too. */
const withNotes = (read: Files): Files => {
  const changelog = read.get(CHANGELOG) ?? '';
  return new Map([...read, [CHANGELOG, changelog.replace('## [Unreleased]', '$&\n\n- Something.')]]);
};

test('every file of this repository has the same version, and a release changes each, time after time', async () => {
  let files = await versionedFiles();
  for (const next of ['98.0.0', '99.0.0']) {
    const current = versionOf(files);
    for (const [path, text] of files)
      if (path.endsWith('package.json')) expect(JSON.parse(text).version, path).toBe(current);
    const changed = setVersion(withNotes(files), next, '2026-12-01');
    expect([...changed.keys()].toSorted()).toEqual([...files.keys()].toSorted());
    expect(JSON.parse(changed.get('package-lock.json') ?? '').packages['apps/api'].version).toBe(next);
    files = new Map([...files, ...changed]);
  }
});
