import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EVENTS = new URL('../../docs/events.md', import.meta.url);

/** Runs the listener in docs/events.md unchanged. @throws when there is none */
export const startDocumentedListener = async (
  env: Record<'NATS_URL' | 'APP_NAME', string>,
): Promise<{ heard(): string; stop(): Promise<void> }> => {
  const code = /### Another listener\n[^`]*```js\n(.*?)```/s.exec(await readFile(EVENTS, 'utf8'))?.[1];
  if (code === undefined) throw new Error('docs/events.md shows no listener');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  return {
    heard: () => heard,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
};
