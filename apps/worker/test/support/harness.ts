import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type OptimizeRequest,
  type OptimizeResponse,
  optimizeResponseSchema,
  type VirusEvent,
  virusEventSchema,
} from '@claimcheck/contracts/broker-events';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import { Storage } from '@claimcheck/platform/s3/storage';
import { inject } from 'vitest';
import { Inbox } from './inbox.ts';
import './stack.ts';
import { WorkerProcess } from './worker-process.ts';

export interface DeadLetter {
  subject: string;
  text: string;
}

/** One separate installation (APP_NAME) on the shared servers: its streams, its worker, and the worker's messages. */
export class Harness {
  readonly bus: Bus;
  readonly storage: Storage;
  readonly responses = new Inbox<OptimizeResponse>();
  readonly viruses = new Inbox<VirusEvent>();
  readonly deadLetters = new Inbox<DeadLetter>();
  readonly tempDir: string;
  readonly #env: Record<string, string>;
  readonly #workers: WorkerProcess[] = [];

  private constructor(bus: Bus, storage: Storage, tempDir: string, env: Record<string, string>) {
    this.bus = bus;
    this.storage = storage;
    this.tempDir = tempDir;
    this.#env = env;
    bus.subscribe(bus.subjects.optimizeResponse, (data) =>
      // Strict on the worker's messages: a response that breaks the contract fails the test that waits for it.
      this.responses.add(optimizeResponseSchema.parse(JSON.parse(Buffer.from(data).toString()))),
    );
    bus.subscribe(bus.subjects.virus, (data) =>
      this.viruses.add(virusEventSchema.parse(JSON.parse(Buffer.from(data).toString()))),
    );
    bus.subscribe(bus.subjects.deadLetter('*'), (data, subject) =>
      this.deadLetters.add({ subject, text: Buffer.from(data).toString() }),
    );
  }

  static async create(options: { withStreams?: boolean } = {}): Promise<Harness> {
    const { DATABASE_URL: _, GATEWAY_DATABASE_URL: __, ...stack } = inject('stack');
    const appName = `worker-test-${randomBytes(4).toString('hex')}`;
    const tempDir = await mkdtemp(join(tmpdir(), 'claimcheck-worker-test-'));
    const env = {
      ...stack,
      APP_NAME: appName,
      ADMIN_PORT: '0',
      TEMP_DIR: tempDir,
      ACK_WAIT: '3s',
    };
    const bus = await Bus.connect({
      url: stack.NATS_URL ?? '',
      name: appName,
      appName,
      logger: createLogger('worker-test', 'silent'),
    });
    const storage = new Storage({
      endpoint: stack.S3_ENDPOINT ?? '',
      region: stack.S3_REGION ?? '',
      bucket: stack.S3_BUCKET ?? '',
      keys: () => ({
        accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
        secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
      }),
      forcePathStyle: true,
    });
    if (options.withStreams !== false) await bus.ensureStreams();
    return new Harness(bus, storage, tempDir, env);
  }

  /** Starts a worker process, without waiting until it is ready. An empty value removes a variable. */
  spawnWorker(overrides: Record<string, string> = {}): WorkerProcess {
    const worker = new WorkerProcess({ ...this.#env, ...overrides });
    this.#workers.push(worker);
    return worker;
  }

  async startWorker(overrides: Record<string, string> = {}): Promise<WorkerProcess> {
    const worker = this.spawnWorker(overrides);
    await worker.ready();
    return worker;
  }

  /** Stores a source and builds the request that the api would send. */
  async upload(content: Uint8Array, fields: Partial<OptimizeRequest> = {}): Promise<OptimizeRequest> {
    const mediaId = randomUUID();
    const request = {
      s3Key: `${mediaId}/source`,
      s3Bucket: this.storage.bucket,
      mediaId,
      mediaUrl: `http://127.0.0.1:8080/v1/media/${mediaId}/source`,
      epoch: 1,
      ...fields,
    };
    await this.storage.put(request.s3Key, content, {
      size_bytes: content.byteLength,
      content_type: 'application/octet-stream',
    });
    return request;
  }

  async request(request: OptimizeRequest): Promise<void> {
    await this.#publish(this.bus.subjects.optimizeRequest, request);
  }

  async requestTranscode(request: OptimizeRequest): Promise<void> {
    await this.#publish(this.bus.subjects.transcodeRequest, request);
  }

  async #publish(subject: string, request: OptimizeRequest): Promise<void> {
    await this.bus.publish(subject, JSON.stringify(request), { messageId: randomUUID() });
  }

  /** Uploads, requests, and waits for the final response. */
  async process(
    content: Uint8Array,
    fields: Partial<OptimizeRequest> = {},
    withinMs?: number,
  ): Promise<OptimizeResponse> {
    const request = await this.upload(content, fields);
    await this.request(request);
    return this.response(request, 'final', withinMs);
  }

  response(request: OptimizeRequest, stage: string, timeoutMs?: number): Promise<OptimizeResponse> {
    return this.responses.waitFor(
      (response) => response.mediaId === request.mediaId && (response.stage ?? 'final') === stage,
      `${stage} response`,
      timeoutMs,
    );
  }

  stagesOf(mediaId: string): (string | undefined)[] {
    return this.responses.messages.filter((message) => message.mediaId === mediaId).map(({ stage }) => stage);
  }

  /** Returns the bytes of an entry of `processed`. */
  async download(url: string): Promise<Buffer> {
    const key = this.storage.keyOf(url);
    if (key === undefined) throw new Error(`${url} is not in the bucket`);
    const { body } = await this.storage.get(key);
    return Buffer.concat(await body.toArray());
  }

  async keysOf(mediaId: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of this.storage.list(`${mediaId}/`)) keys.push(key);
    return keys.sort();
  }

  /** Returns the names of remaining job folders. */
  async jobFolders(): Promise<string[]> {
    const names = await readdir(this.tempDir, { recursive: true });
    return names.filter((name) => name.includes('job-'));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    for (const { name } of Object.values(this.bus.streams)) {
      await this.bus.manager.streams.delete(name).catch(() => undefined);
    }
    await this.bus.close();
    this.storage.close();
    await rm(this.tempDir, { recursive: true, force: true });
  }
}
