import type { MediaKind } from '@claimcheck/contracts/media';
import type { ConversationEvent, UserAnnouncement } from '@claimcheck/contracts/socket-events';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { Prisma, PrismaClient } from './generated/client.ts';
import { StatementPool } from './statement-pool.ts';

export type * from './generated/client.ts';
export { Prisma };

/** A message on its way to the broker, as the outbox keeps it. */
export interface OutboxRow {
  id: string;
  subject: string;
  payload: object;
  headers: Record<string, string>;
}

/** The right to publish what is written under it, and for how long it keeps others from doing so. */
export interface OutboxClaim {
  id: string;
  lease_ms: number;
}

/** Something that a transaction made true; told to others only after the commit. */
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
      /** When this attempt was asked for, where the row still says so. */
      asked_at?: Date;
    }
  /** An upload that is a media object's, whole and stored; `none`: its bytes were here already. Bytes that came. */
  | { fact: 'upload_finished'; protocol: 'tus' | 'put' | 'multipart' | 'none'; size_bytes: number }
  /** Messages to publish: by who wrote them where they are claimed, else by whichever relay comes first. */
  | { fact: 'outbox'; messages: readonly OutboxRow[]; claim: OutboxClaim | undefined };

const brand: unique symbol = Symbol('transaction');

/** Where a statement that is atomic by itself may run: inside of a transaction, or on its own. */
export interface Executor {
  /** Runs a statement made by `Prisma.sql`; its values are as Prisma's raw queries give them. */
  query<Row>(statement: Prisma.Sql): Promise<Row[]>;
  /** Facts that what was done here makes true, in their order. */
  readonly facts: CommittedFact[];
  /** `traceparent` of the current trace (W3C); undefined outside of one. */
  readonly traceparent: string | undefined;
  /** Under which messages to the broker are written; undefined: any relay may publish them. */
  readonly claim: OutboxClaim | undefined;
}

/**
 * A transaction that is open now. Only {@link Database.transaction} makes one, so a function that asks for
 * it can't be called outside of one by mistake.
 */
export interface Transaction extends Executor {
  readonly [brand]: true;
  readonly db: Prisma.TransactionClient;
}

export interface DatabaseOptions {
  url: string;
  poolSize?: number;
  /** Called after each commit that left facts. Must not throw; best effort. */
  onCommit?: (facts: CommittedFact[]) => void;
  /** Says what trace a statement belongs to. */
  traceparent?: () => string | undefined;
  /** Says who publishes what is about to be written; by default, whichever relay comes first. */
  claim?: () => OutboxClaim | undefined;
}

const MAX_TRIES = 5;
const TRANSACTION_TIMEOUT_MS = 10_000;

// PostgreSQL's serialization failure, deadlock, foreign key violation and unique violation, by themselves or as
// Prisma wraps them: another transaction was faster, and the same work, run again, sees its outcome.
const isConflict = (error: unknown): boolean => {
  if (error instanceof pg.DatabaseError) return /^(40001|40P01|23503|23505)$/.test(error.code ?? '');
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  if (['P2034', 'P2002', 'P2003'].includes(error.code)) return true;
  return /"(40001|40P01|23503|23505)"/.test(JSON.stringify(error.meta ?? {}));
};

/** Postgres: one pool with time-outs, under Prisma and under statements of our own; transactions that report what they committed. */
export class Database {
  readonly client: PrismaClient;
  readonly #statements: StatementPool;
  readonly #onCommit: (facts: CommittedFact[]) => void;
  readonly #traceparent: () => string | undefined;
  readonly #claim: () => OutboxClaim | undefined;

  constructor(options: DatabaseOptions) {
    this.#statements = new StatementPool(options.url, options.poolSize ?? 10);
    this.client = new PrismaClient({ adapter: new PrismaPg(this.#statements.pool) });
    this.#onCommit = options.onCommit ?? (() => {});
    this.#traceparent = options.traceparent ?? (() => undefined);
    this.#claim = options.claim ?? (() => undefined);
  }

  /**
   * Runs `work` in one transaction, again when a conflict ended it. Work that looks for a client's key and
   * then inserts it thereby finds, the second time, what a concurrent request inserted.
   */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const traceparent = this.#traceparent();
    return this.#reporting((facts) =>
      this.client.$transaction(
        (db) => {
          const query = <Row>(statement: Prisma.Sql) => db.$queryRaw<Row[]>(statement);
          return work({ [brand]: true, db, facts, traceparent, claim: this.#claim(), query });
        },
        { maxWait: 5_000, timeout: TRANSACTION_TIMEOUT_MS },
      ),
    );
  }

  /**
   * Runs `work` without a transaction around it: each statement commits by itself. A tenth of a
   * transaction's cost, for work that changes something in one statement only, and last. Again on a
   * conflict, like {@link transaction}.
   */
  autocommit<Result>(work: (on: Executor) => Promise<Result>): Promise<Result> {
    const traceparent = this.#traceparent();
    return this.#reporting((facts) =>
      work({ facts, traceparent, claim: this.#claim(), query: (statement) => this.query(statement) }),
    );
  }

  /** One statement, committed by itself. */
  query<Row>(statement: Prisma.Sql): Promise<Row[]> {
    return this.#statements.query(statement);
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

  /** Uses another address, with a new password, for new connections. */
  changeUrl(url: string): void {
    this.#statements.changeUrl(url);
  }

  /** For readiness checks. @throws when the database does not answer. */
  async check(): Promise<void> {
    await this.query(Prisma.sql`SELECT 1`);
  }

  async close(): Promise<void> {
    await this.client.$disconnect();
    await this.#statements.close();
  }
}
