import type { Database } from '@claimcheck/database/database';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { v7 as uuidv7 } from 'uuid';
import { classifyKey, idOfKey } from './classify-key.ts';
import { compare, type Finding } from './compare.ts';
import { listKnownMedia, readKnownMedia } from './known-media.ts';

export interface ReconcileOptions {
  database: Database;
  storage: Storage;
  /** Younger objects are left alone, because their rows may not be written yet. Milliseconds. */
  graceMs: number;
  /** Deletes orphans; otherwise only reports what it would delete. */
  apply: boolean;
  /** Called for each orphan that is old enough, each missing object and each foreign one. */
  onFinding: (finding: Finding) => void;
  /** Called for each deleted orphan. */
  onDeleted?: (key: string) => void;
}

/** Counts; sizes in bytes. */
export interface Reconciliation {
  objects: number;
  orphan_objects: number;
  orphan_bytes: number;
  /** Orphans that are younger than the grace. */
  young_objects: number;
  deleted_objects: number;
  foreign_objects: number;
  missing_objects: number;
  /** Those of them that are referenced. */
  missing_referenced: number;
}

type Of<Kind extends Finding['finding']> = Extract<Finding, { finding: Kind }>;

const DELETE_AT_ONCE = 500;

/** Compares the bucket with the database once, in bounded memory. Repeatable, even several at the same time. */
class Reconciler {
  readonly counts: Reconciliation = {
    objects: 0,
    orphan_objects: 0,
    orphan_bytes: 0,
    young_objects: 0,
    deleted_objects: 0,
    foreign_objects: 0,
    missing_objects: 0,
    missing_referenced: 0,
  };
  readonly #options: ReconcileOptions;
  readonly #oldest: number;
  #doomed: string[] = [];

  constructor(options: ReconcileOptions) {
    this.#options = options;
    this.#oldest = Date.now() - options.graceMs;
  }

  async run(): Promise<void> {
    const { database, storage } = this.#options;
    const media = listKnownMedia(database, storage.bucket);
    for await (const finding of compare(storage.listObjects(''), media)) {
      if (finding.finding !== 'missing') this.counts.objects += 1;
      if (finding.finding === 'foreign') this.#takeForeign(finding);
      if (finding.finding === 'orphan') await this.#takeOrphan(finding);
      if (finding.finding === 'missing') await this.#takeMissing(finding);
    }
    await this.#deleteDoomed();
  }

  #takeForeign(finding: Of<'foreign'>): void {
    this.counts.foreign_objects += 1;
    this.#options.onFinding(finding);
  }

  async #takeOrphan(finding: Of<'orphan'>): Promise<void> {
    if (finding.last_modified.getTime() > this.#oldest) {
      this.counts.young_objects += 1;
      return;
    }
    this.counts.orphan_objects += 1;
    this.counts.orphan_bytes += finding.size_bytes;
    this.#options.onFinding(finding);
    if (!this.#options.apply) return;
    this.#doomed.push(finding.key);
    if (this.#doomed.length >= DELETE_AT_ONCE) await this.#deleteDoomed();
  }

  /** Checks again: the rows were read earlier, and they decide. */
  async #deleteDoomed(): Promise<void> {
    const { database, storage, onDeleted } = this.#options;
    const ids = this.#doomed.map(idOfKey).filter((id) => id !== undefined);
    const known = new Map(
      (await readKnownMedia(database, storage.bucket, [...new Set(ids)])).map((media) => [media.id, media]),
    );
    const keys = this.#doomed.filter((key) => classifyKey(key, known.get(idOfKey(key) ?? '')) === 'orphan');
    this.#doomed = [];
    await storage.delete(keys);
    for (const key of keys) onDeleted?.(key);
    this.counts.deleted_objects += keys.length;
  }

  /** Checks again: it may have been deleted on purpose, or stored, while the bucket was listed. */
  async #takeMissing(finding: Of<'missing'>): Promise<void> {
    const { database, storage, onFinding } = this.#options;
    if ((await storage.head(finding.key)) !== undefined) return;
    const [known] = await readKnownMedia(database, storage.bucket, [finding.media_object_id]);
    if (known?.expected.includes(finding.key) !== true) return;
    this.counts.missing_objects += 1;
    if (known.is_referenced) this.counts.missing_referenced += 1;
    onFinding({ ...finding, is_referenced: known.is_referenced });
  }
}

/** Compares, deletes if asked to, and records the findings, which the api's metrics show. */
export const reconcile = async (options: ReconcileOptions): Promise<Reconciliation> => {
  const started_at = new Date();
  const reconciler = new Reconciler(options);
  await reconciler.run();
  await options.database.client.reconciliation.create({
    data: {
      reconciliation_id: uuidv7(),
      started_at,
      finished_at: new Date(),
      is_applied: options.apply,
      ...reconciler.counts,
    },
  });
  return reconciler.counts;
};
