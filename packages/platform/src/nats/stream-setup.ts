import type { StreamPlan, Streams } from '@claimcheck/contracts/subjects';
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import type { Logger } from '../process/logger.ts';
import { StartError } from '../process/start-error.ts';

const DUPLICATE_WINDOW_MS = 600_000;
/** The account or the disk has less space than a stream wants to reserve. */
const TOO_LITTLE_ROOM: readonly number[] = [10_002, 10_023, 10_028, 10_047];
/** No suitable peers, insufficient resources, replicas without a cluster. */
const TOO_FEW_SERVERS: readonly number[] = [10_005, 10_023, 10_074];

/** Returns the name of the stream that takes messages of `subject`; undefined if none does. */
export const findStream = async (manager: JetStreamManager, subject: string): Promise<string | undefined> => {
  try {
    return await manager.streams.find(subject);
  } catch (error) {
    if (error instanceof Error && /no stream matches subject/.test(error.message)) return undefined;
    throw error;
  }
};

/** Brings the broker's streams to the planned settings. */
export class StreamSetup {
  readonly #manager: JetStreamManager;
  readonly #streams: Streams;
  readonly #replicas: number | undefined;
  readonly #logger: Logger;

  constructor(options: {
    manager: JetStreamManager;
    streams: Streams;
    /** By default an existing stream is unchanged, and a new one is on one server. */
    replicas: number | undefined;
    logger: Logger;
  }) {
    this.#manager = options.manager;
    this.#streams = options.streams;
    this.#replicas = options.replicas;
    this.#logger = options.logger;
  }

  /** @throws StartError that names what is in the way */
  async ensure(): Promise<void> {
    // In this order: a subject that moves from one stream to another first leaves the old one.
    const { media, facts, storage, deadLetters } = this.#streams;
    for (const plan of [media, facts, storage, deadLetters]) await this.#ensureStream(plan);
  }

  async #ensureStream(plan: StreamPlan): Promise<void> {
    const settings = {
      subjects: plan.subjects,
      max_age: nanos(plan.maxAgeMs),
      max_bytes: plan.maxBytes,
      discard: DiscardPolicy.Old,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      ...(this.#replicas === undefined ? {} : { num_replicas: this.#replicas }),
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
      await this.#manager.streams.add({
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
      const stream = await findStream(this.#manager, subject);
      if (stream !== undefined && stream !== plan.name)
        throw new StartError(
          `${subject} belongs to the stream ${stream}, so ${plan.name} cannot take it: ` +
            'another installation, or another of our subjects, has that name; see APP_NAME and SUBJECT_…',
        );
    }
  }

  /** The server's message names neither the stream nor the variable that asked for it. */
  #explainReplicas(plan: StreamPlan, error: unknown): unknown {
    const replicas = this.#replicas;
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
    const { config } = await this.#manager.streams.info(plan.name);
    // A subject that another of these streams takes now is removed: an older release had it here.
    const elsewhere = Object.values(this.#streams).flatMap(({ name, subjects }: StreamPlan) =>
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
    await this.#manager.streams.update(plan.name, { ...settings, subjects });
  }
}
