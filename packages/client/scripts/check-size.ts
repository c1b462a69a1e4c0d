import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/**
 * Limit of what a page loads when it imports `@claimcheck/client`, minified, including socket.io-client but not the React
 * parts. tus-js-client, the hash and the blur load on demand.
 */
const LIMIT_BYTES = 35 * 1024;

/** Returns the output of a host's bundler for the package. Throws when it is too large. */
export const checkSize = async (dist: string): Promise<void> => {
  const bundle = await rolldown({
    input: join(dist, 'index.js'),
    platform: 'browser',
    treeshake: true,
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const needed = new Set<string>();
  const need = (fileName: string): void => {
    if (needed.has(fileName)) return;
    needed.add(fileName);
    for (const other of chunks.find((chunk) => chunk.fileName === fileName)?.imports ?? []) need(other);
  };
  for (const chunk of chunks) if (chunk.isEntry) need(chunk.fileName);
  let atOnce = 0;
  let later = 0;
  for (const chunk of chunks) {
    const size = gzipSync(chunk.code).byteLength;
    const isAtOnce = needed.has(chunk.fileName);
    if (isAtOnce) atOnce += size;
    else later += size;
    console.log(
      `${isAtOnce ? 'at once' : 'later  '} ${String(size).padStart(6)} bytes gzip  ${chunk.fileName}`,
    );
  }
  console.log(`${atOnce} bytes at once, ${later} later; the limit is ${LIMIT_BYTES}`);
  if (atOnce > LIMIT_BYTES)
    throw new Error(`the SDK has ${atOnce} bytes with what it stands on, more than ${LIMIT_BYTES}`);
};
