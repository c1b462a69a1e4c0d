import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { breakingStatements } from '../scripts/breaking-statements.ts';

const MIGRATIONS = new URL('../../../prisma/migrations/', import.meta.url);
/** No release had used what they remove. An applied migration is never edited. */
const BEFORE_THE_FIRST_RELEASE = ['20261120120000_upload_leases', '20261120140000_sweeper'];

const migrations = (await readdir(MIGRATIONS, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && !BEFORE_THE_FIRST_RELEASE.includes(entry.name))
  .map(({ name }) => name);

test.each(migrations)('%s keeps everything that old processes use', async (name) => {
  const sql = await readFile(new URL(`${name}/migration.sql`, MIGRATIONS), 'utf8');
  expect(await breakingStatements(sql)).toEqual([]);
});

test.each([
  ['DROP TABLE "message"', 'DropStmt'],
  ['DROP INDEX "message_key"', 'DropStmt'],
  ['ALTER TABLE "message" DROP COLUMN "body"', 'message: AT_DropColumn body'],
  ['ALTER TABLE "message" RENAME COLUMN "body" TO "text"', 'RenameStmt'],
  ['ALTER TABLE "message" ALTER COLUMN "body" TYPE integer', 'message: AT_AlterColumnType body'],
  ['ALTER TABLE "message" ALTER COLUMN "body" SET NOT NULL', 'message: AT_SetNotNull body'],
  ['ALTER TABLE "message" ALTER COLUMN "body" DROP DEFAULT', 'message: AT_ColumnDefault body'],
  ['ALTER TABLE "message" ADD COLUMN "x" text NOT NULL', 'without a default'],
  ['ALTER TABLE "message" ADD COLUMN "x" text UNIQUE', 'CONSTR_UNIQUE'],
  ['ALTER TABLE "message" ADD CONSTRAINT "x" CHECK ("seq" > 1)', 'message: AT_AddConstraint'],
  ['CREATE UNIQUE INDEX "x" ON "message" ("body")', 'unique index x'],
  [`ALTER TYPE "kind" RENAME VALUE 'image' TO 'picture'`, 'renames the value image'],
  ['DELETE FROM "message"', 'DeleteStmt'],
  ['TRUNCATE "message"', 'TruncateStmt'],
])('%s is refused', async (sql, words) => {
  const [problem, ...others] = await breakingStatements(sql);
  expect(problem).toContain(words);
  expect(others).toEqual([]);
});

test.each([
  'CREATE TABLE "a" ("b" text NOT NULL); CREATE UNIQUE INDEX "c" ON "a" ("b"); ALTER TABLE "a" ADD CHECK ("b" <> \'\')',
  'ALTER TABLE "message" ADD COLUMN "x" text, ADD COLUMN "y" integer NOT NULL DEFAULT 0',
  'ALTER TABLE "message" ALTER COLUMN "body" DROP NOT NULL, ALTER COLUMN "body" SET DEFAULT \'\'',
  'CREATE INDEX "x" ON "message" ("body")',
  `ALTER TYPE "kind" ADD VALUE 'sticker'`,
  '-- contract: no release since 1.4 reads it\nALTER TABLE "message" DROP COLUMN "body"',
])('%s is accepted', async (sql) => {
  expect(await breakingStatements(sql)).toEqual([]);
});

test('a contract without a reason does not count', async () => {
  expect(await breakingStatements('-- contract:\nDROP TABLE "message"')).toEqual(['DropStmt']);
});
