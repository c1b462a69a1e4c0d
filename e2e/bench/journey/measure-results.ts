import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '@claimcheck/platform/nats/bus';
import pg from 'pg';
import { rounded } from '../measure/median.ts';
import { cpuOfTree } from './process-cpu.ts';

export interface ResultsFigures {
  results: number;
  per_second: number;
  /** Background processes that share the backlog. */
  processes: number;
  /** Of the background processes, which do nothing else meanwhile. */
  cpu_ms_per_result: number;
}

/** A process that is started on the backlog. */
export interface Consumer {
  pid: number;
  stop(): Promise<void>;
}

const CONVERSATIONS = 50;
const LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** Creates media objects in work, each shown once in one of many conversations. @returns their ids */
const createMedia = async (client: pg.Client, owner: string, count: number): Promise<string[]> => {
  const ids = Array.from({ length: count }, () => randomUUID());
  await client.query(
    `INSERT INTO conversation (conversation_id, created_by)
     SELECT 'bench' || n, 'bench' FROM generate_series(1, $1::int) AS n ON CONFLICT DO NOTHING`,
    [CONVERSATIONS],
  );
  await client.query(
    `INSERT INTO media_object (media_object_id, owner_user_id, state, upload_state, filename, content_type,
       size_bytes, epoch, object_storage_key, s3_bucket, ready_by)
     SELECT id, $2, 'processing', 'uploaded', 'a.jpg', 'image/jpeg', 1000, 1, id || '/source', 'bench',
       now() + interval '1 hour'
     FROM unnest($1::uuid[]) AS id`,
    [ids, owner],
  );
  await client.query(
    `INSERT INTO media_reference (media_object_id, kind, ref_id, conversation_id)
     SELECT id, 'bench', id::text, 'bench' || (1 + n % $2::int) FROM unnest($1::uuid[]) WITH ORDINALITY AS m (id, n)`,
    [ids, CONVERSATIONS],
  );
  return ids;
};

/** A worker's results for a photo: a preview, and the rest with the verdict. */
const answersTo = (id: string, urlOf: (key: string) => string): object[] => {
  const rendition = (quality: string) => {
    const url = urlOf(`${id}/e1/${quality}.webp`);
    return { quality, format: 'webp', url, size: 1_000, width: 640, height: 480 };
  };
  const said = {
    mediaId: id,
    originalUrl: `https://media.example/v1/media/${id}/source`,
    success: true,
    epoch: 1,
    contentType: 'image/jpeg',
    width: 1_280,
    height: 960,
    thumbhash: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
  };
  return [
    { ...said, stage: 'preview', processed: [rendition('thumbnail')] },
    {
      ...said,
      stage: 'final',
      scan: { code: 'clean' },
      processed: ['thumbnail', 'low', 'medium', 'high'].map(rendition),
    },
  ];
};

const countApplied = async (client: pg.Client, owner: string): Promise<number> => {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM media_object WHERE owner_user_id = $1 AND state = 'ready'`,
    [owner],
  );
  return rows[0]?.count ?? 0;
};

/**
 * Measures how fast background processes apply a backlog of recorded results.
 *
 * @param start starts one; no other process may apply results
 */
export const measureResults = async (
  options: {
    databaseUrl: string;
    bus: Bus;
    urlOf: (key: string) => string;
    photos: number;
    processes: number;
  },
  start: () => Promise<Consumer>,
): Promise<ResultsFigures> => {
  const { bus, photos, processes } = options;
  const owner = `bench-${processes}`;
  const client = new pg.Client({ connectionString: options.databaseUrl });
  await client.connect();
  try {
    const ids = await createMedia(client, owner, photos);
    const answers = ids.flatMap((id) => answersTo(id, options.urlOf));
    for (let next = 0; next < answers.length; next += 100)
      await Promise.all(
        answers
          .slice(next, next + 100)
          .map((answer) =>
            bus.publish(bus.subjects.optimizeResponse, JSON.stringify(answer), { messageId: randomUUID() }),
          ),
      );
    const consumers = await Promise.all(Array.from({ length: processes }, start));
    const cpu = async () =>
      (await Promise.all(consumers.map(({ pid }) => cpuOfTree(pid)))).reduce((sum, one) => sum + one, 0);
    try {
      // They started before they reported ready: only the time from here on counts.
      const [before, cpuBefore, began] = [await countApplied(client, owner), await cpu(), performance.now()];
      let applied = before;
      while (applied < photos) {
        if (performance.now() - began > LIMIT_MS) throw new Error(`${applied} of ${photos} photos are ready`);
        await pause(LOOK_EVERY_MS);
        applied = await countApplied(client, owner);
      }
      const results = (photos - before) * 2;
      return {
        results,
        processes,
        per_second: Math.round(results / ((performance.now() - began) / 1_000)),
        cpu_ms_per_result: rounded(((await cpu()) - cpuBefore) / results),
      };
    } finally {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    }
  } finally {
    await client.end();
  }
};
