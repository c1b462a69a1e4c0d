import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withRunningSystem } from './running-system.ts';

let folder: string;
let notes: string[];
const complete = (env: Record<string, string>) =>
  withRunningSystem({ CLAIMCHECK_DATA_DIR: folder, ...env }, (line) => notes.push(line));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claimcheck-cli-'));
  notes = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an environment without a database takes that of the running system, and keeps its own variables', () => {
  writeFileSync(join(folder, 'api.env'), "DATABASE_URL='postgres://local'\nNATS_URL='nats://local'\n");
  expect(complete({ NATS_URL: 'nats://mine', S3_BUCKET: '' })).toEqual({
    CLAIMCHECK_DATA_DIR: folder,
    DATABASE_URL: 'postgres://local',
    NATS_URL: 'nats://mine',
  });
  expect(notes).toEqual([`using the system that runs on ${folder}/api.env`]);
});

test('an environment with a database, or without a running system, stays as it is', () => {
  expect(complete({})).toEqual({ CLAIMCHECK_DATA_DIR: folder });
  writeFileSync(join(folder, 'api.env'), "DATABASE_URL='postgres://local'\n");
  const env = { DATABASE_URL: 'postgres://mine' };
  expect(complete(env)).toMatchObject(env);
  expect(notes).toEqual([]);
});
