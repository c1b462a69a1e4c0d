import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSettled } from '@claimcheck/contracts/media';
import { Database } from '@claimcheck/database/database';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';
import type { HostileFile } from './hostile-file.ts';
import { NetworkWatch } from './network-watch.ts';

export interface Outcome {
  state: string;
  scan_state: string;
  failure_code: string | null;
}

type FileToUpload = Pick<HostileFile, 'bytes' | 'filetype' | 'sha256'>;

/** The system, with a watch on what hostile files do to its worker. */
export class HostileWorld {
  readonly system: System;
  readonly network: NetworkWatch;
  readonly #database: Database;
  readonly #tempDir: string;
  readonly #firstPid: number;

  private constructor(system: System, network: NetworkWatch, tempDir: string) {
    this.system = system;
    this.network = network;
    this.#database = new Database({ url: system.databaseUrl, poolSize: 2 });
    this.#tempDir = tempDir;
    this.#firstPid = system.apps.worker.pid;
  }

  static async start(
    stack: Record<string, string>,
    overrides: Record<string, string> = {},
  ): Promise<HostileWorld> {
    const tempDir = await mkdtemp(join(tmpdir(), 'claimcheck-hostile-'));
    const system = await startSystem(stack, {
      TEMP_DIR: tempDir,
      MAX_OPEN_UPLOADS: '100000',
      ...overrides,
    });
    return new HostileWorld(system, await NetworkWatch.start(() => system.apps.worker.pid), tempDir);
  }

  /** @returns the media_object_id */
  async upload({ bytes, filetype, sha256 }: FileToUpload): Promise<string> {
    const { apiUrl: baseUrl } = this.system;
    const target = { baseUrl, token: this.system.tokenFor('mallory') };
    const upload = await WireUpload.create(target, bytes.length, {
      filetype,
      ...(sha256 === undefined ? {} : { sha256 }),
    });
    const answer = await upload.patch(0, bytes);
    if (answer.kind !== 'answered' || answer.status !== 204)
      throw new Error(`the upload was answered ${JSON.stringify(answer)}`);
    return upload.id;
  }

  /** Returns the outcomes of media objects that have settled. */
  async settled(ids: readonly string[]): Promise<Map<string, Outcome>> {
    const rows = await this.#database.client.media_object.findMany({
      where: { media_object_id: { in: [...ids] } },
      select: { media_object_id: true, state: true, scan_state: true, failure_code: true },
    });
    const ended = rows.filter(({ state }) => isSettled(state));
    return new Map(ended.map(({ media_object_id, ...outcome }) => [media_object_id, outcome]));
  }

  /** Waits for all of them. @throws when some do not settle in time */
  async untilSettled(ids: readonly string[], withinMs: number): Promise<Map<string, Outcome>> {
    const all = async () => {
      const outcomes = await this.settled(ids);
      return outcomes.size === ids.length ? outcomes : undefined;
    };
    try {
      return await until(all, { withinMs, what: `${ids.length} media objects to settle` });
    } catch (error) {
      const ended = await this.settled(ids);
      const open = ids.filter((id) => !ended.has(id));
      const stories = await Promise.all(open.map((id) => this.#story(id)));
      const logs = [this.system.apps.worker, this.system.apps.api].map((app) => app.logTail(20));
      throw new Error(['not settled:', ...stories, ...logs].join('\n'), { cause: error });
    }
  }

  async #story(id: string): Promise<string> {
    return (await runClaimcheck(this.system.apiEnv, 'media', 'show', id)).out;
  }

  /** Whether the worker is still the same process. */
  get isWorkerUnharmed(): boolean {
    return this.system.apps.worker.pid === this.#firstPid;
  }

  /** Number of retried or abandoned requests: then the fault was ours, not the file's. */
  async unhandled(): Promise<string[]> {
    const metrics = await (await fetch(`${this.system.adminUrls.worker}/metrics`)).text();
    return metrics
      .split('\n')
      .filter((line) => /^claimcheck_deliveries_total\{.*outcome="(retry|dead_letter)"\} [1-9]/.test(line));
  }

  /** Ports that the worker may connect to. */
  get allowedPorts(): Set<number> {
    const { env } = this.system;
    const urls = [env.S3_ENDPOINT, env.NATS_URL].map((url) => Number(new URL(url ?? '').port));
    return new Set([...urls, Number(env.CLAMAV_PORT)]);
  }

  /** Waits until every job's folder and every program is gone. */
  async untilTidy(): Promise<void> {
    const look = async () => {
      const names = await readdir(this.#tempDir, { recursive: true });
      return names.some((name) => name.includes('job-')) ? undefined : true;
    };
    await until(look, { withinMs: 10_000, what: 'the job folders to go' });
  }

  async stop(): Promise<void> {
    await this.network.stop();
    await this.#database.close();
    await this.system.stop();
    await rm(this.#tempDir, { recursive: true, force: true });
  }
}
