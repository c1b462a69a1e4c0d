import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalStack, startLocalStack } from '@claimcheck/local-stack/local-stack';
import type { BenchOptions } from './bench-options.ts';

export interface BenchContext {
  options: BenchOptions;
  /** Configuration that leads to real Postgres, NATS and MinIO. */
  stack: Record<string, string>;
  /** The servers' processes. */
  services: LocalStack['services'];
  onProgress(line: string): void;
}

export interface BenchReport {
  /** The content of the results file. */
  result: object;
  /** The same as a table for people. */
  table: string;
}

export type Bench = (context: BenchContext) => Promise<BenchReport>;

// Only variables that find programs: servers configured elsewhere must not get our load.
const PASSED_ON = ['PATH', 'HOME', 'CLAIMCHECK_CACHE_DIR', 'GOPROXY', 'GOFLAGS'];

/** Benches whose figures include a scan. */
const SCANNED: readonly string[] = ['pipeline', 'journey'];
/** Benches that count Postgres's statements. */
const COUNTED: readonly string[] = ['journey'];

/** Benches that read the plan of each statement, which they switch on in their database. */
const EXPLAINED: readonly string[] = ['scale'];

/** Benches that compare no storage: any server will do. */
const WITHOUT_STORE: readonly string[] = ['journey', 'prune', 'scale'];

/** What Postgres is started with. */
const postgresSettingsOf = (name: string): Record<string, string> => {
  if (COUNTED.includes(name))
    // A page that is written in full after a checkpoint does not show which statement wrote to it, and statistics that
    // are gathered in between belong to none.
    return {
      autovacuum: 'off',
      shared_preload_libraries: 'pg_stat_statements',
      checkpoint_timeout: '1h',
      full_page_writes: 'off',
    };
  if (!EXPLAINED.includes(name)) return {};
  return {
    shared_preload_libraries: 'auto_explain',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_buffers': 'on',
    'auto_explain.log_format': 'json',
    'auto_explain.log_timing': 'off',
    logging_collector: 'on',
    log_destination: 'jsonlog',
    log_rotation_size: '0',
    max_wal_size: '4GB',
  };
};

/** Rejects on Ctrl-C, so that servers and their gigabytes are removed as after any other failure. */
const interrupted = async (): Promise<never> => {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  throw new Error('interrupted');
};

/** Runs a bench on servers started only for it. */
export const withBenchContext = async (
  options: BenchOptions,
  env: Readonly<Record<string, string | undefined>>,
  bench: Bench,
): Promise<BenchReport> => {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-bench-'));
  try {
    const stack = await startLocalStack({
      dataDir,
      env: Object.fromEntries(PASSED_ON.map((name) => [name, env[name]])),
      s3: WITHOUT_STORE.includes(options.name) ? 'versitygw' : 'minio',
      clamav: SCANNED.includes(options.name) ? 'test-signatures' : 'none',
      fresh: true,
      postgresSettings: postgresSettingsOf(options.name),
      onProgress,
    });
    try {
      return await Promise.race([
        bench({ options, stack: stack.env, services: stack.services, onProgress }),
        interrupted(),
      ]);
    } finally {
      await stack.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};
