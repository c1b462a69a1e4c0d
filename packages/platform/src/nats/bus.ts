import {
  type StreamBytes,
  type StreamPlan,
  type Streams,
  type SubjectOverrides,
  type Subjects,
  streamsOf,
  subjectsOf,
} from '@claimcheck/contracts/subjects';
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { headers, type NatsConnection, nanos } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import type { Logger } from '../process/logger.ts';
import { StartError } from '../process/start-error.ts';
import { PassedOnTracing } from '../tracing/passed-on-tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type BrokerFiles, toConnectionOptions } from './broker-connection.ts';
import { isStreamNotFound } from './is-stream-not-found.ts';

const DUPLICATE_WINDOW_MS = 600_000;
const PUBLISH_TIMEOUT_MS = 5_000;
/** The account, or the disk, has less room than a stream wants to be able to take. */
const TOO_LITTLE_ROOM: readonly number[] = [10_002, 10_023, 10_028, 10_047];
/** No suitable peers, insufficient resources, replicas without a cluster. */
const TOO_FEW_SERVERS: readonly number[] = [10_005, 10_023, 10_074];

export interface BusOptions {
  /** A function is asked at each connection: a password may have been replaced. */
  url: string | (() => string);
  files?: BrokerFiles | undefined;
  /** Shown in the server's list of connections. */
  name: string;
  appName: string;
  overrides?: SubjectOverrides;
  /** On how many servers a stream is kept. By default one that exists stays as it is, a new one is on one. */
  streamReplicas?: number | undefined;
  /** How much streams may take of the broker's disk. */
  streamBytes?: StreamBytes | undefined;
  logger: Logger;
  /** What is published carries the trace that it belongs to. By default traces of others are passed on. */
  tracing?: Tracing;
}

/**
 * The broker as this project uses it: confirmed publishes to JetStream, announcements on core NATS.
 * Reconnects for ever; what needs the broker meanwhile gets an error, not a hang.
 */
export class Bus {
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly subjects: Subjects;
  readonly streams: Streams;
  readonly tracing: Tracing;
  readonly #logger: Logger;
  readonly #streamReplicas: number | undefined;
  #isConnected = true;

  private constructor(connection: NatsConnection, manager: JetStreamManager, options: BusOptions) {
    this.connection = connection;
    this.jetstream = jetstream(connection);
    this.manager = manager;
    this.subjects = subjectsOf(options.appName, options.overrides);
    this.streams = streamsOf(options.appName, this.subjects, options.streamBytes);
    this.#logger = options.logger;
    this.#streamReplicas = options.streamReplicas;
    this.tracing = options.tracing ?? new PassedOnTracing();
  }

  /** @throws when the server does not answer within 10 s or has no JetStream. */
  static async connect(options: BusOptions): Promise<Bus> {
    const { url } = options;
    const currentUrl = typeof url === 'string' ? () => url : url;
    const connection = await connect({
      ...toConnectionOptions(currentUrl, options.files),
      name: options.name,
      // Answers come to a place of its own, so that a user can be kept from reading other users'.
      inboxPrefix: `_INBOX.${options.name}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 5_000,
      maxPingOut: 2,
      timeout: 10_000,
    });
    // Not checked at the start: an account that may publish need not be allowed to read account limits.
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const bus = new Bus(connection, manager, options);
    bus.#followStatus();
    return bus;
  }

  /** Whether the broker is there, as far as is known. */
  get isConnected(): boolean {
    return this.#isConnected && !this.connection.isClosed();
  }

  #followStatus(): void {
    const follow = async () => {
      for await (const { type } of this.connection.status()) {
        if (type !== 'disconnect' && type !== 'reconnect') continue;
        this.#isConnected = type === 'reconnect';
        if (this.#isConnected) this.#logger.info('broker connection is back');
        else this.#logger.warn('broker connection lost');
      }
    };
    void follow();
  }

  /** Runs `action` after each reconnect; what was announced meanwhile is lost and must be caught up. */
  onReconnect(action: () => void): void {
    const follow = async () => {
      for await (const status of this.connection.status()) if (status.type === 'reconnect') action();
    };
    void follow();
  }

  /** Creates the streams, or brings them to the planned settings. Safe in several processes at once. */
  async ensureStreams(): Promise<void> {
    // In this order: a subject that moves from one stream to another leaves the first one before.
    const { media, facts, storage, deadLetters } = this.streams;
    for (const plan of [media, facts, storage, deadLetters]) await this.#ensureStream(plan);
  }

  async #ensureStream(plan: StreamPlan): Promise<void> {
    const settings = {
      subjects: plan.subjects,
      max_age: nanos(plan.maxAgeMs),
      max_bytes: plan.maxBytes,
      discard: DiscardPolicy.Old,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      ...(this.#streamReplicas === undefined ? {} : { num_replicas: this.#streamReplicas }),
    };
    try {
      await this.#addOrUpdateStream(plan, settings).catch((error: unknown) => {
        // Room is reserved: a small disk keeps the stream without a bound of its own.
        if (!(error instanceof JetStreamApiError) || !TOO_LITTLE_ROOM.includes(error.code)) throw error;
        this.#logger.warn(
          { stream: plan.name, max_bytes: plan.maxBytes },
          'the broker has no room for as much',
        );
        return this.#addOrUpdateStream(plan, { ...settings, max_bytes: -1 });
      });
    } catch (error) {
      await this.#explainOverlap(plan);
      throw this.#explainReplicas(plan, error);
    }
  }

  async #addOrUpdateStream(plan: StreamPlan, settings: Partial<StreamConfig>): Promise<void> {
    try {
      await this.manager.streams.add({
        name: plan.name,
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        ...settings,
      });
    } catch (error) {
      // The name is taken with other settings: an older release made it.
      if (!(error instanceof Error) || !/already in use/.test(error.message)) throw error;
      await this.#updateStream(plan, settings);
    }
  }

  /** The server says that subjects overlap, and neither which nor with what. @throws when they do */
  async #explainOverlap(plan: StreamPlan): Promise<void> {
    for (const subject of plan.subjects) {
      const stream = await this.streamOf(subject);
      if (stream !== undefined && stream !== plan.name)
        throw new StartError(
          `${subject} belongs to the stream ${stream}, so ${plan.name} cannot take it: ` +
            'another installation, or another of our subjects, has that name; see APP_NAME and SUBJECT_…',
        );
    }
  }

  /** The server names neither the stream nor whose wish it was. */
  #explainReplicas(plan: StreamPlan, error: unknown): unknown {
    const replicas = this.#streamReplicas;
    if (replicas === undefined || !(error instanceof JetStreamApiError)) return error;
    if (!TOO_FEW_SERVERS.includes(error.code)) return error;
    return new StartError(
      `${plan.name} cannot have ${replicas} replicas, as NATS_STREAM_REPLICAS says: the cluster is too small, ` +
        `or servers of it are away or full`,
      error,
    );
  }

  /** Existing subjects stay: another process may still publish to them, and stored messages can be read later. */
  async #updateStream(plan: StreamPlan, settings: Partial<StreamConfig>): Promise<void> {
    const { config } = await this.manager.streams.info(plan.name);
    // A subject that another of these streams takes now is not kept: an older release had it here.
    const elsewhere = Object.values(this.streams).flatMap(({ name, subjects }: StreamPlan) =>
      name === plan.name ? [] : subjects,
    );
    const unplanned = config.subjects.filter(
      (subject) => !plan.subjects.includes(subject) && !elsewhere.includes(subject),
    );
    if (unplanned.length > 0)
      this.#logger.warn(
        { stream: plan.name, subjects: unplanned, planned: plan.subjects },
        'the stream takes subjects that this process does not know: another one has other SUBJECT_ variables, or had',
      );
    const subjects = [...plan.subjects, ...unplanned];
    await this.manager.streams.update(plan.name, { ...settings, subjects });
  }

  /** Subjects that the media stream takes; undefined when there is no such stream. */
  async subjectsTaken(): Promise<string[] | undefined> {
    try {
      const { config } = await this.manager.streams.info(this.streams.media.name);
      return config.subjects;
    } catch (error) {
      if (isStreamNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Name of the stream that takes messages of `subject`, or undefined: then a publish would go nowhere. */
  async streamOf(subject: string): Promise<string | undefined> {
    try {
      return await this.manager.streams.find(subject);
    } catch (error) {
      if (error instanceof Error && /no stream matches subject/.test(error.message)) return undefined;
      throw error;
    }
  }

  /**
   * Publishes to JetStream and waits for the server's confirmation.
   *
   * @param options.messageId a repetition within 10 minutes is dropped by the server (`Nats-Msg-Id`)
   * @returns its sequence in the stream; that of the first one when it is a repetition
   * @throws when it is not confirmed within 5 s
   */
  async publish(
    subject: string,
    payload: string | Uint8Array,
    options: { messageId: string; headers?: Record<string, string> },
  ): Promise<number> {
    const messageHeaders = headers();
    for (const [name, value] of Object.entries(options.headers ?? {})) messageHeaders.set(name, value);
    const traceparent = this.tracing.traceparent();
    if (traceparent !== undefined) messageHeaders.set('traceparent', traceparent);
    const confirmation = await this.jetstream.publish(subject, payload, {
      msgID: options.messageId,
      headers: messageHeaders,
      timeout: PUBLISH_TIMEOUT_MS,
    });
    return confirmation.seq;
  }

  /** Best effort, core NATS: a process that misses it finds the truth in Postgres. */
  announce(subject: string, payload: object): void {
    if (this.connection.isClosed()) return;
    const traceparent = this.tracing.traceparent();
    const traced = traceparent === undefined ? undefined : headers();
    traced?.set('traceparent', traceparent ?? '');
    this.connection.publish(subject, JSON.stringify(payload), traced && { headers: traced });
  }

  /**
   * Core NATS subscription; returns how to end it.
   *
   * @param options.span name of what is done with a message that belongs to a trace; without one it is not part
   *   of it
   * @param options.queue each message goes to one subscriber of those with this name
   */
  subscribe(
    subject: string,
    onMessage: (data: Uint8Array, subject: string) => void,
    { span, queue }: { span?: string; queue?: string } = {},
  ): () => void {
    const subscription = this.connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null && error !== undefined) return;
        const handle = () => onMessage(message.data, message.subject);
        const parent = message.headers?.get('traceparent');
        if (span === undefined || parent === undefined || parent === '') handle();
        else this.#handleTraced(span, parent, message.subject, handle);
      },
    });
    return () => subscription.unsubscribe();
  }

  #handleTraced(name: string, parent: string, subject: string, handle: () => void): void {
    const attributes = { 'messaging.destination.name': subject };
    const span = this.tracing.start(name, { kind: 'consumer', parent, attributes });
    try {
      span.run(handle);
    } finally {
      span.end();
    }
  }

  /** For readiness checks. @throws when the broker does not answer. */
  async check(): Promise<void> {
    await this.connection.rtt();
  }

  async close(): Promise<void> {
    if (!this.connection.isClosed()) await this.connection.drain();
  }
}
