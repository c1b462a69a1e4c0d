import type pg from 'pg';

export interface Scale {
  media: number;
  events: number;
  conversations: number;
  owners: number;
  /** Rows of each backlog that a duty finds due at its start. */
  due: number;
}

/** The nth media object; in the order of their numbers, as UUIDv7 are in the order of their times. */
export const mediaId = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

const ID = (n: string) => `('01900000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const MESSAGE_ID = (n: string) => `('01900000-0000-7000-9000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

/**
 * Newest last: first the old and settled, then `due` orphans, `due` overdue placeholders and `due` tombstones, which
 * is where Postgres, who takes what is due for evenly spread, would look last.
 */
const MEDIA = `
  INSERT INTO media_object (media_object_id, owner_user_id, state, kind, upload_state, thumbnail_state, scan_state,
    filename, content_type, size_bytes, sha256, epoch, applied_epoch, object_storage_key, s3_bucket, expires_at,
    ready_by, created_at, updated_at)
  SELECT ${ID('n')}, 'owner-' || n % $2, made.state::media_state, 'image', 'uploaded', 'ready', 'clean',
    'a.jpg', 'image/jpeg', 200000, lpad(to_hex(n), 64, '0'), 1, CASE made.state WHEN 'processing' THEN 0 ELSE 1 END, ${ID('n')} || '/source', $4,
    CASE made.state WHEN 'ready' THEN CASE WHEN n > $1 - 3 * $3 THEN now() - interval '1 hour' END END,
    CASE made.state WHEN 'processing' THEN now() - interval '1 hour' END,
    now() - interval '120 days', now() - interval '110 days'
  FROM generate_series(1, $1::int) AS n, LATERAL (
    SELECT CASE WHEN n > $1 - $3 THEN 'deleted' WHEN n > $1 - 2 * $3 THEN 'processing' ELSE 'ready' END AS state) AS made`;

const STATEMENTS: readonly (readonly [what: string, sql: string])[] = [
  ['media', MEDIA],
  [
    'derivatives',
    `INSERT INTO derivative (media_object_id, epoch, quality, format, s3_bucket, object_storage_key, size_bytes)
     SELECT ${ID('n')}, 1, quality, 'webp', $4, ${ID('n')} || '/e1/' || quality || '.webp', 20000
     FROM generate_series(1, $1::int - 2 * $3::int) AS n, unnest('{thumbnail,low,medium,high}'::quality[]) AS quality
     WHERE $2::int > 0`,
  ],
  [
    'aliases, uploads',
    `WITH named AS (
       INSERT INTO media_alias (owner_user_id, client_media_id, media_object_id)
       SELECT 'owner-' || n % $2::int, 'file-' || n, ${ID('n')} FROM generate_series(1, $1::int) AS n)
     INSERT INTO upload_session (upload_id, media_object_id, owner_user_id, protocol, phase, length, "offset",
       s3_bucket, object_storage_key, charged_bytes, expires_at, updated_at)
     SELECT ${ID('n')}, ${ID('n')}, 'owner-' || n % $2::int, 'tus',
       'complete', 200000, 200000, $4, ${ID('n')} || '/source',
       CASE WHEN n > $1 - $3::int THEN 0 ELSE 200000 END, now() - interval '100 days', now() - interval '110 days'
     FROM generate_series(1, $1::int) AS n`,
  ],
  [
    'uploads that were abandoned',
    `INSERT INTO upload_session (upload_id, owner_user_id, protocol, phase, is_partial, length, "offset", s3_bucket,
       object_storage_key, expires_at, updated_at)
     SELECT gen_random_uuid(), 'owner-' || n % $2::int, 'tus', 'expired', true, 1000, 0, $4, 'x',
       now() - interval '9 days', now() - interval '8 days'
     FROM generate_series(1, $3::int) AS n WHERE $1::int > 0`,
  ],
  [
    'results',
    `INSERT INTO applied_result (media_object_id, epoch, stage, applied_at)
     SELECT ${ID('n')}, 1, stage, now() - CASE WHEN n <= $3::int THEN interval '10 days' ELSE interval '1 day' END
     FROM generate_series(1, $1::int) AS n, unnest('{preview,final}'::text[]) AS stage
     WHERE n NOT BETWEEN $1 - 2 * $3::int + 1 AND $1 - $3::int AND $2::int > 0 AND $4::text <> ''`,
  ],
  [
    'usage, verdicts, books',
    `WITH usage AS (
       INSERT INTO user_usage (owner_user_id, bytes) SELECT 'owner-' || n, 1000000 FROM generate_series(0, $2::int - 1) AS n),
     verdicts AS (
       INSERT INTO verdict (sha256, scanner, code) SELECT lpad(to_hex(n), 64, '0'), 'clamav 1', 'clean'
       FROM generate_series(1, $1::int) AS n),
     sent AS (
       INSERT INTO outbox (id, subject, payload, published_at, stream_seq, created_at)
       SELECT gen_random_uuid(), 'x.media.optimize.request', jsonb_build_object('mediaId', ${ID('n')}, 'epoch', 1),
         now() - CASE WHEN n <= $3::int THEN interval '1 day' ELSE interval '1 minute' END, n, now() - interval '1 day'
       FROM generate_series(1, 2 * $3::int) AS n)
     INSERT INTO idempotency_key (user_id, route, key, request_hash, status, body, created_at)
     SELECT 'owner-' || n % $2::int, 'POST /v1/media', 'key-' || n, repeat('0', 64), 201, '{}',
       now() - CASE WHEN n <= $3::int THEN interval '2 days' ELSE interval '1 hour' END
     FROM generate_series(1, 2 * $3::int) AS n WHERE $4::text <> ''`,
  ],
];

/** Conversations, $1 of them with $2 events each, of $3 owners; a tenth of their log is past its time. */
const CONVERSATIONS: readonly (readonly [what: string, sql: string])[] = [
  [
    'conversations',
    `INSERT INTO conversation (conversation_id, created_by, last_seq)
     SELECT 'c-' || n, 'owner-' || n % $3::int, $2::int FROM generate_series(1, $1::int) AS n`,
  ],
  [
    'members',
    `INSERT INTO conversation_member (conversation_id, user_id)
     SELECT DISTINCT 'c-' || n, 'owner-' || (n + 7 * m) % $3::int
     FROM generate_series(1, $1::int) AS n, generate_series(0, 9) AS m WHERE $2::int > 0`,
  ],
  [
    'messages',
    `WITH placed AS (
       SELECT n, 'c-' || (1 + n % $1::int) AS conversation_id, 1 + n / $1::int AS seq FROM generate_series(0, $1::int * $2::int / 10 - 1) AS n),
     sent AS (
       INSERT INTO message (message_id, conversation_id, seq, sender_user_id, client_message_id, message_type, body,
         media_object_id, created_at)
       SELECT ${MESSAGE_ID('n')}, conversation_id, seq, 'owner-' || (1 + n % $1::int) % $3::int, 'm-' || n, 'image', 'text',
         ${ID('n + 1')}, now() - interval '20 days' + seq * interval '1 minute' FROM placed)
     INSERT INTO media_reference (media_object_id, kind, ref_id, conversation_id, created_at)
     SELECT ${ID('n + 1')}, 'message', ${MESSAGE_ID('n')}::text, conversation_id,
       now() - interval '20 days' + seq * interval '1 minute' FROM placed`,
  ],
  [
    'events',
    `INSERT INTO conversation_event (conversation_id, seq, type, payload, created_at)
     SELECT 'c-' || n, seq, 'media.updated', jsonb_build_object('media', jsonb_build_object('media_object_id',
         ${ID('(n * 7 + seq) % 1000 + 1')}, 'state', 'ready', 'filename', 'a.jpg', 'content_type', 'image/jpeg')),
       now() - CASE WHEN seq <= $2::int / 10 THEN interval '40 days' ELSE interval '2 days' END + seq * interval '1 s'
     FROM generate_series(1, $2::int) AS seq, generate_series(1, $1::int) AS n WHERE $3::int > 0`,
  ],
  [
    'deleted messages',
    `INSERT INTO message_tombstone (sender_user_id, conversation_id, client_message_id, deleted_at)
     SELECT 'owner-' || n % $3::int, 'c-' || n, 'gone-' || seq,
       now() - CASE WHEN seq <= 2 THEN interval '100 days' ELSE interval '1 day' END
     FROM generate_series(1, 20) AS seq, generate_series(1, $1::int) AS n WHERE $2::int > 0`,
  ],
];

/** Fills an empty database, in sets; checks of foreign keys are left out. */
export const fill = async (
  client: pg.Client,
  scale: Scale,
  bucket: string,
  onProgress: (line: string) => void,
): Promise<void> => {
  const { media, owners, due, conversations, events } = scale;
  await client.query(`SET session_replication_role = replica`);
  for (const [what, sql] of STATEMENTS) {
    await client.query(sql, [media, owners, due, bucket]);
    onProgress(`filled: ${what}`);
  }
  for (const [what, sql] of CONVERSATIONS) {
    await client.query(sql, [conversations, Math.floor(events / conversations), owners]);
    onProgress(`filled: ${what}`);
  }
  await client.query('VACUUM ANALYZE');
};
