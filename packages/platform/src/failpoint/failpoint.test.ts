import { pino } from 'pino';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../process/config.ts';
import { ConfigError } from '../process/config-error.ts';
import { createFailpoint } from './failpoint.ts';
import { failpointPlan } from './failpoint-plan.ts';

const schema = z.object({ FAILPOINT: failpointPlan.optional() });
const planOf = (text: string) => readConfig(schema, { FAILPOINT: text }).FAILPOINT;

const listen = () => {
  const lines: string[] = [];
  return { lines, logger: pino({}, { write: (line: string) => void lines.push(line) }) };
};

test('reads names, actions and counts', () => {
  expect(planOf('upload.before_complete:kill, relay.before_mark:error@3')).toEqual([
    { name: 'upload.before_complete', action: 'kill', nth: 1 },
    { name: 'relay.before_mark', action: 'error', nth: 3 },
  ]);
});

test.each([
  ['nowhere:kill', 'FAILPOINT: has no failpoint nowhere'],
  ['relay.before_mark:explode', 'FAILPOINT: knows no action explode'],
  ['relay.before_mark:kill@0', 'FAILPOINT: must count from 1'],
  ['relay.before_mark', 'FAILPOINT: must be a list of name:action'],
])('refuses %s', (text, problem) => {
  expect(() => planOf(text)).toThrow(ConfigError);
  expect(() => planOf(text)).toThrow(problem);
});

test('a failpoint acts at the n-th visit, and only there', () => {
  const { logger, lines } = listen();
  const failpoint = createFailpoint(planOf('relay.before_mark:error@2'), logger);
  expect(lines.join('')).toContain('Never set it in production');
  failpoint('relay.before_mark');
  failpoint('relay.before_publish');
  expect(() => failpoint('relay.before_mark')).toThrow('failed on purpose at relay.before_mark');
  failpoint('relay.before_mark');
});

test('without a plan, nothing is logged and nothing happens', () => {
  const { logger, lines } = listen();
  const failpoint = createFailpoint(undefined, logger);
  failpoint('relay.before_mark');
  expect(lines).toEqual([]);
});
