import { type Plugin, rolldown } from 'rolldown';
import { ENTRIES } from './entries.ts';

/** The worker lies next to the module that starts it, a pattern that hosts' bundlers understand. */
const nameOfBuiltWorker: Plugin = {
  name: 'name-of-built-worker',
  transform: (code) => code.replaceAll("'./sha256-worker.ts'", "'./sha256-worker.js'"),
};

/** Bundles our modules as ES modules. Dependencies stay imports, but the service's table of errors is included. */
export const bundleModules = async (root: string, dist: string): Promise<void> => {
  const bundle = await rolldown({
    cwd: root,
    input: ENTRIES,
    platform: 'neutral',
    plugins: [nameOfBuiltWorker],
    external: (id) => /^[a-z@]/.test(id) && !id.startsWith('@claimcheck/') && !id.startsWith('src/'),
  });
  await bundle.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
};
