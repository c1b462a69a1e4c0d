// Builds `dist`, the published package: JavaScript, types, and its own package.json.
import { copyFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleModules } from './bundle-modules.ts';
import { checkSize } from './check-size.ts';
import { emitTypes } from './emit-types.ts';
import { writeManifest } from './write-manifest.ts';

const PACKAGE = fileURLToPath(new URL('../', import.meta.url));
const DIST = `${PACKAGE}dist/`;

await rm(DIST, { recursive: true, force: true });
await bundleModules(PACKAGE, DIST);
await emitTypes(PACKAGE, DIST);
await writeManifest(PACKAGE, DIST);
await copyFile(`${PACKAGE}README.md`, `${DIST}README.md`);
await copyFile(fileURLToPath(new URL('../../../LICENSE', import.meta.url)), `${DIST}LICENSE`);
await checkSize(DIST);
