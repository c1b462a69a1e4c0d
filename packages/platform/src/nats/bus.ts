import {
  type StreamBytes,
  type Streams,
  type SubjectOverrides,
  type Subjects,
  streamsOf,
  subjectsOf,
} from '@claimcheck/contracts/subjects';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import type { Logger } from '../process/logger.ts';
import { PassedOnTracing } from '../tracing/passed-on-tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type BrokerFiles, toConnectionOptions } from './broker-connection.ts';
import { isStreamNotFound } from './is-stream-not-found.ts';
import { findStream, StreamSetup } from './stream-setup.ts';

const PUBLISH_TIMEOUT_MS = 5_000;

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
  ensureStreams(): Promise<void> {
    const { manager, streams } = this;
    const setup = new StreamSetup({ manager, streams, replicas: this.#streamReplicas, logger: this.#logger });
    return setup.ensure();
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
  streamOf(subject: string): Promise<string | undefined> {
    return findStream(this.manager, subject);
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
