import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from '../clients/python/python-environment.ts';
import type { FindStore } from './store-program.ts';

const REQUIREMENTS = fileURLToPath(new URL('./moto-requirements.txt', import.meta.url));

/** moto's server, from PyPI: AWS's semantics in memory. */
export const moto: FindStore = async ({ port }) => ({
  command: await pythonEnvironment(REQUIREMENTS),
  args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
});
