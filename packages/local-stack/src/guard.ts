/**
 * A small process between the stack and one server. It has its own session, so Ctrl-C in the terminal reaches neither it
 * nor its server. When its parent ends, even by SIGKILL, the channel to the parent closes; the guard then stops the server,
 * by force after a grace period.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type FileLock, lockFile } from './file-lock.ts';
import type { GuardedProgram, GuardReport, GuardRequest } from './guard-protocol.ts';

const WAIT_FOR_PREDECESSOR_MS = 20_000;

let program: GuardedProgram | undefined;
let child: ChildProcess | undefined;
let lock: FileLock | undefined;
let stopping = false;

const start = async (wanted: GuardedProgram): Promise<void> => {
  program = wanted;
  try {
    if (wanted.lockFile !== undefined) {
      lock = await lockFile(wanted.lockFile, { timeoutMs: WAIT_FOR_PREDECESSOR_MS });
    }
  } catch (error) {
    finish({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    return;
  }
  if (stopping) {
    finish({ type: 'exited', code: 0, signal: null });
    return;
  }
  const { command, args, env, cwd, uid, gid } = wanted;
  const spawned = spawn(command, args, {
    env,
    cwd,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  child = spawned;
  spawned.once('error', (error) => finish({ type: 'failed', message: error.message }));
  spawned.once('exit', (code, signal) => {
    signalGroup('SIGKILL');
    finish({ type: 'exited', code, signal });
  });
  if (spawned.pid !== undefined) report({ type: 'started', pid: spawned.pid });
};

const stop = (): void => {
  if (stopping) return;
  stopping = true;
  if (child === undefined || program === undefined) {
    // Before the server runs there is nothing to end; `start` checks `stopping` once it has the lock.
    if (program === undefined) process.exit(0);
    return;
  }
  child.kill(program.stopSignal);
  // A server that was stopped with SIGSTOP must run to handle the signal.
  child.kill('SIGCONT');
  setTimeout(() => signalGroup('SIGKILL'), program.graceMs).unref();
};

/** Signals the server's process group, including the server's own children (a worker's ffmpeg). */
const signalGroup = (signal: NodeJS.Signals): void => {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group has ended.
  }
};

const report = (message: GuardReport, then?: () => void): void => {
  if (process.connected && process.send) process.send(message, undefined, undefined, () => then?.());
  else then?.();
};

const finish = (message: GuardReport): void => {
  lock?.release();
  report(message, () => process.exit(0));
};

process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', stop);
process.on('disconnect', stop);
process.on('message', (request: GuardRequest) => {
  if (request.type === 'stop') stop();
  else void start(request.program);
});
