// Generates the Prisma client. The client talks through a driver adapter and needs no native engine, but the CLI
// searches for one and would download it. Any program will do in its place, since it is not run.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const cli = createRequire(import.meta.url).resolve('prisma/build/index.js');
const schema = fileURLToPath(new URL('../../../prisma/schema.prisma', import.meta.url));
const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'generate', '--schema', schema], {
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  encoding: 'utf8',
});
if (status !== 0) process.stderr.write(`${stdout}\n${stderr}\n`);
process.exit(status ?? 1);
