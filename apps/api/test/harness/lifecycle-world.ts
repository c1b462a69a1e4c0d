import { fanOutStep } from '../../src/media/log/fan-out.ts';
import { createConversation } from '../../src/media/messages/conversations.ts';
import type { DomainConfig } from '../../src/media/record/domain-config.ts';
import { expireOrphan, FIRST_DUE, listOrphans } from '../../src/media/removal/orphans.ts';
import { FIRST_OVERDUE, listOverdue, resolveOverdue } from '../../src/media/results/overdue-media.ts';
import type { ModelMedia } from './lifecycle-model.ts';
import type { TestDatabase } from './test-database.ts';

const _FIRST = '00000000-0000-0000-0000-000000000000';

/** The api's own functions on a real database, with a clock that the test moves. */
export class LifecycleWorld {
  readonly db: TestDatabase;
  readonly settings: DomainConfig;
  readonly conversations: readonly string[];

  private constructor(db: TestDatabase, settings: DomainConfig, conversations: readonly string[]) {
    this.db = db;
    this.settings = settings;
    this.conversations = conversations;
  }

  static async create(db: TestDatabase, settings: DomainConfig, name: string): Promise<LifecycleWorld> {
    const conversations = ['a', 'b', 'c'].map((suffix) => `${name}-${suffix}`);
    for (const conversation_id of conversations)
      await db.database.transaction((tx) =>
        createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }),
      );
    return new LifecycleWorld(db, settings, conversations);
  }

  async row(id: string) {
    const row = await this.db.database.client.media_object.findUniqueOrThrow({
      where: { media_object_id: id },
    });
    const references = await this.db.database.client.media_reference.count({
      where: { media_object_id: id },
    });
    return { ...row, references };
  }

  /** Runs the sweeper once over this world's media. @param waiting media objects whose request is in the queue */
  async sweep(known: readonly ModelMedia[], now: Date, waiting: ReadonlySet<string>): Promise<string[]> {
    const { database } = this.db;
    const ours = new Set(known.map(({ id }) => id));
    const decisions: string[] = [];
    for (const overdue of await listOverdue(database, now, FIRST_OVERDUE, 1_000))
      if (ours.has(overdue.media_object_id))
        decisions.push(
          await database.transaction((tx) =>
            resolveOverdue(tx, this.settings, overdue, {
              isWaiting: waiting.has(overdue.media_object_id),
              now,
            }),
          ),
        );
    for (const { media_object_id: id } of await listOrphans(database, now, FIRST_DUE, 1_000))
      if (ours.has(id))
        decisions.push(await database.transaction((tx) => expireOrphan(tx, this.settings, id, now)));
    while ((await database.transaction((tx) => fanOutStep(tx, this.settings))) !== undefined);
    return decisions;
  }
}
