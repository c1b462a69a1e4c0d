import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eicarSignature } from './clamav-signature.ts';
import { ensureSystemPackage } from './ensure-system-package.ts';
import { definedOnly } from './environment.ts';
import { findOnPath } from './find-program.ts';
import { type ManagedService, startProcess } from './managed-process.ts';
import { withProgress } from './progress.ts';
import type { ServiceContext } from './service-context.ts';

const SYSTEM_SIGNATURES = '/var/lib/clamav';

export interface ClamavServer {
  service: ManagedService;
  host: string;
  port: number;
}

/**
 * Starts clamd with the system's signatures, if there are any.
 * @returns the reason, as a sentence, when there is no scanner.
 */
export const startSystemClamav = async (context: ServiceContext): Promise<ClamavServer | string> => {
  const command = await findOnPath('clamd', context.env);
  if (command === undefined) return 'no clamd on PATH (Debian and Ubuntu: apt-get install clamav-daemon)';
  if (!(await hasSignatures(SYSTEM_SIGNATURES))) {
    return `clamd has no signatures in ${SYSTEM_SIGNATURES} (run freshclam)`;
  }
  return start(command, SYSTEM_SIGNATURES, context);
};

/** Starts clamd with one signature: the EICAR test string. */
export const startTestClamav = async (context: ServiceContext): Promise<ClamavServer> => {
  const command = await ensureSystemPackage({
    ...context,
    programs: ['clamd'],
    aptPackage: 'clamav-daemon',
    purpose: 'the virus scanner',
  });
  const signatures = join(context.dataDir, 'clamav', 'signatures');
  await mkdir(signatures, { recursive: true });
  await writeFile(join(signatures, 'claimcheck.ndb'), eicarSignature());
  return start(command, signatures, context);
};

/** Returns whether the folder contains an official database. */
export const hasSignatures = async (directory: string): Promise<boolean> => {
  const files = await readdir(directory).catch(() => []);
  return files.some((file) => /^(main|daily)\.c[vl]d$/.test(file));
};

/** Returns clamd's answer to one command, such as `PING`, without the final line break. */
export const askClamd = async (host: string, port: number, command: string): Promise<string> => {
  const socket = createConnection({ host, port, timeout: 2_000 });
  socket.once('timeout', () => socket.destroy(new Error('clamd does not answer')));
  socket.end(`n${command}\n`);
  return (await text(socket)).trimEnd();
};

const start = async (command: string, signatures: string, context: ServiceContext): Promise<ClamavServer> => {
  const port = context.ports.clamav;
  const directory = join(context.dataDir, 'clamav');
  const temporary = join(directory, 'tmp');
  await mkdir(temporary, { recursive: true });
  const configFile = join(directory, 'clamd.conf');
  await writeFile(configFile, clamdConfig(signatures, temporary, port));
  const service = await withProgress('clamav: loading signatures', context.onProgress, () =>
    startProcess({
      name: 'clamav',
      command,
      args: ['--config-file', configFile],
      env: definedOnly({ PATH: context.env.PATH }),
      cwd: directory,
      logFile: join(context.logDir, 'clamav.log'),
      lockFile: join(directory, 'lock'),
      ready: async () => (await askClamd('127.0.0.1', port, 'PING')) === 'PONG',
      // Loading the official signatures takes minutes on a slow machine.
      timeoutMs: 240_000,
      signal: context.signal,
    }),
  );
  return { service, host: '127.0.0.1', port };
};

const clamdConfig = (signatures: string, temporary: string, port: number): string => {
  return [
    'Foreground yes',
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    `DatabaseDirectory ${signatures}`,
    `TemporaryDirectory ${temporary}`,
    'SelfCheck 3600',
    // Report files that were not scanned, instead of calling them clean.
    'AlertEncrypted yes',
    'AlertExceedsMax yes',
    '',
  ].join('\n');
};
