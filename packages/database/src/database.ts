import { createRequire } from 'node:module';
import type { MediaKind } from '@claimcheck/contracts/media';
import type { ConversationEvent, UserAnnouncement } from '@claimcheck/contracts/socket-events';
import pg from 'pg';
import type { PrismaClient } from './generated/client.ts';
import type * as Prisma from './prisma.ts';
import { isOutdated, StatementPool } from './statement-pool.ts';

export type * from './generated/client.ts';
export * as Prisma from './prisma.ts';

const require = createRequire(import.meta.url);

/** A message for the broker, as the outbox stores it. */
export interface OutboxRow {
  id: string;
  subject: string;
  payload: object;
  headers: Record<string, string>;
}

/** The right to publish messages written under it, and for how long it excludes other processes. */
export interface OutboxClaim {
  id: string;
  lease_ms: number;
}

/** A fact that a transaction made true. Others learn of it only after the commit. */
export type CommittedFact =
  | { fact: 'conversation_event'; event: ConversationEvent }
  | { fact: 'membership'; user_id: string; announcement: UserAnnouncement }
  | { fact: 'media_changed'; media_object_id: string; rev: number }
  | { fact: 'media_progress'; conversation_ids: string[]; media_object_id: string; percent: number }
  | {
      fact: 'milestone';
      milestone: 'preview' | 'ready';
      media_object_id: string;
      epoch: number;
      kind: MediaKind;
      /** When this attempt was requested, if the row still has the time. */
      asked_at?: Date;
    }
  /** A media object's upload that is whole and stored, with its bytes; `none`: the bytes were already stored. */
  | { fact: 'upload_finished'; protocol: 'tus' | 'put' | 'multipart' | 'none'; size_bytes: number }
  /** Messages to publish: by their writer if it claimed them, else by the first relay. */
  | { fact: 'outbox'; messages: readonly OutboxRow[]; claim: OutboxClaim | undefined };

const brand: unique symbol = Symbol('transaction');

/** Runs statements that are atomic by themselves, inside a transaction or on their own. */
export interface Executor {
  /** Runs a statement made by `Prisma.sql`, which each connection prepares once; values have the form of Prisma's raw queries. */
  query<Row>(statement: Prisma.Sql): Promise<Row[]>;
  /** Facts that this work makes true, in order. */
  readonly facts: CommittedFact[];
  /** `traceparent` of the current trace (W3C); undefined outside a trace. */
  readonly traceparent: string | undefined;
  /** The claim under which messages to the broker are written; undefined: any relay may publish them. */
  readonly claim: OutboxClaim | undefined;
}

/**
 * A transaction that is open now. Only {@link Database.transaction} creates one, so a function that requires it cannot be
 * called outside one by mistake.
 */
export interface Transaction extends Executor {
  readonly [brand]: true;
}

export interface DatabaseOptions {
  url: string;
  poolSize?: number;
  /** Called after each commit that left facts. Must not throw; best effort. */
  onCommit?: (facts: CommittedFact[]) => void;
  /** Returns the trace of a statement. */
  traceparent?: () => string | undefined;
  /** Returns the claim for messages about to be written; by default, the first relay publishes them. */
  claim?: () => OutboxClaim | undefined;
}

const MAX_TRIES = 5;

// PostgreSQL's serialization failure, deadlock, foreign key violation and unique violation. Another transaction was
// faster, and the repeated work sees its outcome. A migration may have been faster, too.
const isConflict = (error: unknown): boolean =>
  isOutdated(error) ||
  (error instanceof pg.DatabaseError && /^(40001|40P01|23503|23505)$/.test(error.code ?? ''));

/** Postgres: one pool with time-outs for our own statements and Prisma, and transactions that report their facts. */
export class Database extends StatementPool {
  #client: PrismaClient | undefined;
  readonly #onCommit: (facts: CommittedFact[]) => void;
  readonly #traceparent: () => string | undefined;
  readonly #claim: () => OutboxClaim | undefined;

  constructor(options: DatabaseOptions) {
    super(options.url, options.poolSize ?? 10);
    this.#onCommit = options.onCommit ?? (() => {});
    this.#traceparent = options.traceparent ?? (() => undefined);
    this.#claim = options.claim ?? (() => undefined);
  }

  /** Prisma's client, for rare reads. It is loaded when it is first needed: it takes 50 MiB. */
  get client(): PrismaClient {
    if (this.#client === undefined) {
      const { createPrismaClient }: typeof import('./create-prisma-client.ts') =
        require('./create-prisma-client.ts');
      this.#client = createPrismaClient(this.pool);
    }
    return this.#client;
  }

  /**
   * Runs `work` in one transaction, and again when a conflict ended it. Work that searches for a client's key and then inserts
   * it therefore finds, the second time, the row of a concurrent request.
   */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const traceparent = this.#traceparent();
    return this.#reporting((facts) =>
      this.inTransaction((query) => work({ [brand]: true, facts, traceparent, claim: this.#claim(), query })),
    );
  }

  /**
   * Runs `work` without a transaction: each statement commits by itself. Costs a tenth of a transaction; for work that writes
   * in its last statement only. Runs again on a conflict, like {@link transaction}.
   */
  autocommit<Result>(work: (on: Executor) => Promise<Result>): Promise<Result> {
    const traceparent = this.#traceparent();
    return this.#reporting((facts) =>
      work({ facts, traceparent, claim: this.#claim(), query: (statement) => this.query(statement) }),
    );
  }

  async #reporting<Result>(attempt: (facts: CommittedFact[]) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      const facts: CommittedFact[] = [];
      try {
        const result = await attempt(facts);
        if (facts.length > 0) this.#onCommit(facts);
        return result;
      } catch (error) {
        if (tries >= MAX_TRIES || !isConflict(error)) throw error;
      }
    }
  }

  override async close(): Promise<void> {
    await this.#client?.$disconnect();
    await super.close();
  }
}
