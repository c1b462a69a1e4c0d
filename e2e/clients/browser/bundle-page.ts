import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Scripts that define `window.startUpload`, by the client they use. */
export const PAGES = {
  tusJs: fileURLToPath(new URL('./tus-js-page.ts', import.meta.url)),
  uppy: fileURLToPath(new URL('./uppy-page.ts', import.meta.url)),
};

/** A page's script with everything it imports, as one plain script. */
export const bundlePage = async (entry: string): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('.', import.meta.url)),
    // Node's way to know a build for production; a page has no `process`.
    define: { 'process.env.NODE_ENV': '"production"' },
    // The test runner's NODE_ENV would have React's parts built for development.
    oxc: { jsx: { runtime: 'automatic', development: false } },
    build: { write: false, lib: { entry, formats: ['iife'], name: 'page' } },
  });
  const outputs = [result].flat().flatMap((each) => ('output' in each ? each.output : []));
  const script = outputs.find((file) => file.type === 'chunk');
  if (script === undefined) throw new Error(`${entry} was bundled to nothing`);
  return script.code;
};
