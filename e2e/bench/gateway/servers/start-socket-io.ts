import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@claimcheck/local-stack/free-port';
import { NODE_FLAGS, type RealtimeServer } from './realtime-server.ts';

interface Instance {
  child: ChildProcess;
  port: number;
}

const startInstance = async (env: Record<string, string>): Promise<Instance> => {
  const port = await freePort();
  const child = fork(new URL('./socket-io-process.ts', import.meta.url), {
    execArgv: [...NODE_FLAGS],
    env: { ...process.env, NODE_ENV: 'production', ...env, PORT: String(port) },
  });
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (message !== 'ready') throw new Error('the Socket.IO server did not start');
  return { child, port };
};

const stopInstance = async ({ child }: Instance): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

/** @param redisUrl with it a second instance emits, as an api does, and Redis carries the events over */
export const startSocketIo = async (redisUrl: string | undefined): Promise<RealtimeServer> => {
  const env: Record<string, string> = redisUrl === undefined ? {} : { REDIS_URL: redisUrl };
  const server = await startInstance(env);
  const emitter = redisUrl === undefined ? server : await startInstance(env);
  return {
    name: redisUrl === undefined ? 'bare' : 'redis',
    port: server.port,
    pid: server.child.pid ?? 0,
    tokenOf: () => 'none',
    publish: async (rooms) => {
      await new Promise<void>((resolve, reject) => {
        const sent = (error: Error | null) => (error === null ? resolve() : reject(error));
        emitter.child.send({ rooms, at: Date.now() }, sent);
      });
    },
    logTail: () => '',
    stop: async () => {
      await Promise.all([...new Set([server, emitter])].map(stopInstance));
    },
  };
};
