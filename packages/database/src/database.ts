import type { ConversationEvent, UserAnnouncement } from '@claimcheck/contracts/socket-events';
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from './generated/client.ts';

export type * from './generated/client.ts';
export { Prisma };

/** Something that a transaction made true; told to others only after the commit. */
export type CommittedFact =
  | { fact: 'conversation_event'; event: ConversationEvent }
  | { fact: 'membership'; user_id: string; announcement: UserAnnouncement }
  | { fact: 'media_changed'; media_object_id: string; rev: number }
  | { fact: 'media_progress'; conversation_ids: string[]; media_object_id: string; percent: number }
  | { fact: 'outbox' };

const brand: unique symbol = Symbol('transaction');

/**
 * A transaction that is open now. Only {@link Database.transaction} makes one, so a function that asks for
 * it can't be called outside of one by mistake.
 */
export interface Transaction {
  readonly [brand]: true;
  readonly db: Prisma.TransactionClient;
  /** Facts of this transaction, in their order. */
  readonly facts: CommittedFact[];
}

export interface DatabaseOptions {
  url: string;
  poolSize?: number;
  /** Called after each commit that left facts. Must not throw; best effort. */
  onCommit?: (facts: CommittedFact[]) => void;
}

const MAX_TRIES = 5;
const TRANSACTION_TIMEOUT_MS = 10_000;

// Prisma's P2034 and P2002, and PostgreSQL's serialization failure, deadlock and unique violation where they
// come through a raw query: somebody was faster, and the same transaction, run again, sees what they did.
const isConflict = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError &&
  (error.code === 'P2034' ||
    error.code === 'P2002' ||
    /"(40001|40P01|23505)"/.test(JSON.stringify(error.meta ?? {})));

/** Postgres through Prisma: a pool with time-outs, and transactions that report what they committed. */
export class Database {
  readonly client: PrismaClient;
  readonly #onCommit: (facts: CommittedFact[]) => void;

  constructor(options: DatabaseOptions) {
    const adapter = new PrismaPg({
      connectionString: options.url,
      max: options.poolSize ?? 10,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: 15_000,
      // Notices a database that is gone without a word (a pulled cable) in seconds instead of hours.
      query_timeout: 15_000,
      keepAlive: true,
    });
    this.client = new PrismaClient({ adapter });
    this.#onCommit = options.onCommit ?? (() => {});
  }

  /**
   * Runs `work` in one transaction, again when a conflict ended it. Work that looks for a client's key and
   * then inserts it thereby finds, the second time, what a concurrent request inserted.
   */
  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      const facts: CommittedFact[] = [];
      try {
        const result = await this.client.$transaction((db) => work({ [brand]: true, db, facts }), {
          maxWait: 5_000,
          timeout: TRANSACTION_TIMEOUT_MS,
        });
        if (facts.length > 0) this.#onCommit(facts);
        return result;
      } catch (error) {
        if (tries >= MAX_TRIES || !isConflict(error)) throw error;
      }
    }
  }

  /** For readiness checks. @throws when the database does not answer. */
  async check(): Promise<void> {
    await this.client.$queryRaw`SELECT 1`;
  }

  async close(): Promise<void> {
    await this.client.$disconnect();
  }
}
