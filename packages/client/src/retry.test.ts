import { expect, test } from 'vitest';
import { errorOfCode } from './claimcheck-error.ts';
import { retry } from './retry.ts';

const failing = (code: string, times: number) => {
  let calls = 0;
  const call = async () => {
    calls += 1;
    if (calls <= times) throw errorOfCode(code);
    return 'done';
  };
  return { call, calls: () => calls };
};

test('a call that may succeed later is repeated', async () => {
  const { call, calls } = failing('media_not_uploaded', 2);
  expect(await retry(call, [0, 0, 0])).toBe('done');
  expect(calls()).toBe(3);
});

test('the last error is thrown after the last delay', async () => {
  const { call, calls } = failing('unavailable', 10);
  await expect(retry(call, [0, 0])).rejects.toMatchObject({ code: 'unavailable' });
  expect(calls()).toBe(3);
});

test('a call that cannot succeed is not repeated', async () => {
  const { call, calls } = failing('not_found', 10);
  await expect(retry(call, [0, 0])).rejects.toMatchObject({ code: 'not_found' });
  expect(calls()).toBe(1);
});
