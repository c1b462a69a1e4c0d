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
/** The account or the disk has less space than a stream wants to reserve. */
const TOO_LITTLE_ROOM: readonly number[] = [10_002, 10_023, 10_028, 10_047];
/** No suitable peers, insufficient resources, replicas without a cluster. */
const TOO_FEW_SERVERS: readonly number[] = [10_005, 10_023, 10_074];

export interface BusOptions {
  /** A function is called at each connection, because the password may have been replaced. */
  url: string | (() => string);
  files?: BrokerFiles | undefined;
  /** Shown in the server's list of connections. */
  name: string;
  appName: string;
  overrides?: SubjectOverrides;
  /** Number of servers that keep a stream. By default an existing stream is unchanged, and a new one is on one server. */
  streamReplicas?: number | undefined;
  /** Sizes that streams may reach on the broker's disk. */
  streamBytes?: StreamBytes | undefined;
  logger: Logger;
  /** Adds a message's trace to it. By default callers' traces are passed on. */
  tracing?: Tracing;
}

/**
 * The broker as this project uses it: confirmed publishes to JetStream, announcements on core NATS. It reconnects for ever;
 * meanwhile, callers get an error instead of a hang.
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
      // Answers have a separate prefix, so that a user can be prevented from reading other users' answers.
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

  /** Whether the broker is connected, as far as is known. */
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

  /** Runs `action` after each reconnect; announcements made meanwhile are lost, and must be caught up. */
  onReconnect(action: () => void): void {
    const follow = async () => {
      for await (const status of this.connection.status()) if (status.type === 'reconnect') action();
    };
    void follow();
  }

  /** Creates the streams, or updates them to the planned settings. Safe in several processes at once. */
  async ensureStreams(): Promise<void> {
    // In this order: a subject that moves from one stream to another first leaves the old one.
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
        // The space is reserved: on a small disk the stream has no limit of its own.
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
      // The name exists with other settings: an older release created it.
      if (!(error instanceof Error) || !/already in use/.test(error.message)) throw error;
      await this.#updateStream(plan, settings);
    }
  }

  /** Finds the overlapping subjects and streams, which the server's error does not name. @throws when they overlap */
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

  /** The server's message names neither the stream nor the variable that asked for it. */
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

  /** Existing subjects stay: another process may still publish to them, and stored messages may be read later. */
  async #updateStream(plan: StreamPlan, settings: Partial<StreamConfig>): Promise<void> {
    const { config } = await this.manager.streams.info(plan.name);
    // A subject that another of these streams takes now is removed: an older release had it here.
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

  /** Returns the subjects of the media stream; undefined if it does not exist. */
  async subjectsTaken(): Promise<string[] | undefined> {
    try {
      const { config } = await this.manager.streams.info(this.streams.media.name);
      return config.subjects;
    } catch (error) {
      if (isStreamNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Returns the name of the stream that takes messages of `subject`; undefined: a publish would be lost. */
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

  /** Best effort, core NATS: a process that misses it finds the state in Postgres. */
  announce(subject: string, payload: object): void {
    if (this.connection.isClosed()) return;
    const traceparent = this.tracing.traceparent();
    const traced = traceparent === undefined ? undefined : headers();
    traced?.set('traceparent', traceparent ?? '');
    this.connection.publish(subject, JSON.stringify(payload), traced && { headers: traced });
  }

  /**
   * Subscribes on core NATS; returns a function that ends it.
   *
   * @param options.span name of the span for handling a message that belongs to a trace; without it there is none
   * @param options.queue each message goes to one of the subscribers with this name
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
