import { Semaphore } from '@claimcheck/platform/process/semaphore';
import { expect, test } from 'vitest';
import { SharedReads } from './shared-reads.ts';

const setUp = (limit = 4) => {
  const places = new Semaphore(limit);
  const state = { shared: 0, started: 0, value: 0 };
  const reads = new SharedReads<number>(
    (read) => places.run(read),
    () => {
      state.shared += 1;
    },
  );
  const ask = (key: string) =>
    reads.ask(key, async () => {
      state.started += 1;
      const { value } = state;
      await new Promise(setImmediate);
      return value;
    });
  return { state, reads, ask };
};

test('a thousand equal questions at once cause one read; different ones do not share', async () => {
  const { state, ask } = setUp();
  const answers = Promise.all(Array.from({ length: 1_000 }, (_, index) => ask(index % 2 === 0 ? 'a' : 'b')));
  expect(await answers).toHaveLength(1_000);
  expect(state).toMatchObject({ started: 2, shared: 998 });
});

test('an answer is never older than its question', async () => {
  const { state, ask } = setUp();
  const first = ask('a');
  while (state.started === 0) await Promise.resolve();
  state.value = 1;
  const [second, third] = [ask('a'), ask('a')];
  expect(await Promise.all([first, second, third])).toEqual([0, 1, 1]);
  expect(state).toMatchObject({ started: 2, shared: 1 });
});

test('a failure reaches all who shared the read, and not the next question', async () => {
  const reads = new SharedReads<string>(
    (read) => read(),
    () => {},
  );
  const failing = () => Promise.reject(new Error('on purpose'));
  const answers = await Promise.allSettled([reads.ask('a', failing), reads.ask('a', failing)]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await reads.ask('a', async () => 'fine')).toBe('fine');
});
