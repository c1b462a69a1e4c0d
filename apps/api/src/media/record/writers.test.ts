import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');

/** Every file that may write `media_object`, and with which verb. */
const WRITERS: Record<string, string[]> = {
  'media/lifecycle/plan-statement.ts': ['update'],
  'media/uploads/finalize-upload.ts': ['update'],
  'media/record/bookkeeping.ts': ['update'],
  'media/uploads/insert-upload.ts': ['insert'],
  'media/removal/erase-media.ts': ['delete'],
  'media/removal/purge-blocked.ts': ['delete'],
  'media/removal/prune-media-tombstones.ts': ['delete'],
};

const WRITES: [string, RegExp][] = [
  ['update', /\bUPDATE\s+(ONLY\s+)?"?media_object\b|\bmedia_object\s*\.\s*(update|upsert)/i],
  ['insert', /\bINSERT\s+INTO\s+"?media_object\b|\bmedia_object\s*\.\s*(create|upsert)/i],
  ['delete', /\bDELETE\s+FROM\s+(ONLY\s+)?"?media_object\b|\bmedia_object\s*\.\s*delete/i],
];

const verbsIn = (source: string): string[] =>
  WRITES.flatMap(([verb, pattern]) => (pattern.test(source) ? [verb] : []));

const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
);

test('only these files write media_object', () => {
  const writers = sources.flatMap((file) => {
    const verbs = verbsIn(readFileSync(path.join(ROOT, file), 'utf8'));
    return verbs.length === 0 ? [] : [[file, verbs] as const];
  });
  expect(Object.fromEntries(writers)).toEqual(WRITERS);
});

test.each([
  ['update', 'UPDATE media_object SET state = 1'],
  ['update', 'tx.db.media_object.updateMany({})'],
  ['update', 'UPDATE\n  media_object AS m SET'],
  ['insert', 'INSERT INTO media_object (media_object_id)'],
  ['insert', 'client.media_object.createMany({})'],
  ['delete', 'DELETE FROM media_object WHERE true'],
  ['delete', 'client.media_object\n    .deleteMany({})'],
])('the scan finds %s in: %s', (verb, source) => {
  expect(verbsIn(source)).toEqual([verb]);
});

test.each(['SELECT * FROM media_object FOR UPDATE OF media_object', 'media_object.findMany({})'])(
  'the scan lets a reader be: %s',
  (source) => {
    expect(verbsIn(source)).toEqual([]);
  },
);
