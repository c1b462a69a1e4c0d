import { expect, it } from 'vitest';
import { warningLine } from './warning-line.ts';

it.each([
  ['{"level":"warn","msg":"slow"}', 'api warn: slow'],
  ['{"level":50,"msg":"broken","err":{"message":"no disk"}}', 'api error: broken (no disk)'],
  ['{"level":"info","msg":"hello"}', undefined],
  ['{"level":30,"msg":"hello"}', undefined],
  ['not json', undefined],
  ['{broken', undefined],
])('of %j makes %j', (line, expected) => {
  expect(warningLine('api', line)).toBe(expected);
});
