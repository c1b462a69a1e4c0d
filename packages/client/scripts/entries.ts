/** What is in the package: a module's name, and the source that it is made of. */
export const ENTRIES = {
  index: 'src/index.ts',
  react: 'src/react/index.ts',
  node: 'src/node/index.ts',
  native: 'src/native/index.ts',
  'sha256-worker': 'src/prepare/sha256-worker.ts',
} as const;

/** What can be imported: its subpath, and the module's name. */
export const SUBPATHS = { '.': 'index', './react': 'react', './node': 'node', './native': 'native' } as const;
