/** Modules of the package: each module's name, and its source. */
export const ENTRIES = {
  index: 'src/index.ts',
  react: 'src/react/index.ts',
  node: 'src/node/index.ts',
  native: 'src/native/index.ts',
  'sha256-worker': 'src/prepare/sha256-worker.ts',
} as const;

/** Entry points: each subpath, and its module's name. */
export const SUBPATHS = { '.': 'index', './react': 'react', './node': 'node', './native': 'native' } as const;
