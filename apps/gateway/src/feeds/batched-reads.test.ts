import { Semaphore } from '@claimcheck/platform/process/semaphore';
import { expect, test } from 'vitest';
import { BatchedReads } from './batched-reads.ts';

const setUp = (size = 4) => {
  const state = { shared: 0, statements: [] as string[][], value: 0, running: 0, most: 0 };
  const reads = new BatchedReads<string, string>({
    keyOf: (question) => question,
    read: async (questions) => {
      state.statements.push([...questions]);
      state.running += 1;
      state.most = Math.max(state.most, state.running);
      const { value } = state;
      await new Promise(setImmediate);
      state.running -= 1;
      return questions.map((question) => `${question}${value}`);
    },
    limit: new Semaphore(size),
    onShared: () => {
      state.shared += 1;
    },
  });
  return { state, reads };
};

test('a thousand questions, of two kinds, at once cause one statement', async () => {
  const { state, reads } = setUp();
  const asked = Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? 'a' : 'b'));
  const answers = await Promise.all(asked.map((question) => reads.ask(question)));
  expect(answers).toEqual(asked.map((question) => `${question}0`));
  expect(state).toMatchObject({ statements: [['a', 'b']], shared: 998 });
});

test('an answer is never older than its question', async () => {
  const { state, reads } = setUp();
  const first = reads.ask('a');
  while (state.statements.length === 0) await new Promise(setImmediate);
  state.value = 1;
  const [second, third] = [reads.ask('a'), reads.ask('a')];
  expect(await Promise.all([first, second, third])).toEqual(['a0', 'a1', 'a1']);
  expect(state).toMatchObject({ statements: [['a'], ['a']], shared: 1 });
});

test('many different questions are divided, and no more statements than allowed run at a time', async () => {
  const { state, reads } = setUp(2);
  const asked = Array.from({ length: 1_000 }, (_, index) => String(index).padStart(3, '0'));
  const answers = await Promise.all(asked.map((question) => reads.ask(question)));
  expect(answers).toEqual(asked.map((question) => `${question}0`));
  expect(state.statements.flat()).toEqual(asked);
  expect(Math.max(...state.statements.map(({ length }) => length))).toBe(32);
  expect(state.most).toBe(2);
});

test('a failure reaches all who shared the statement, and not the next question', async () => {
  let isFailing = true;
  const reads = new BatchedReads<string, string>({
    keyOf: (question) => question,
    read: async (questions) => {
      if (isFailing) throw new Error('on purpose');
      return questions.map(() => 'fine');
    },
    limit: new Semaphore(1),
  });
  const answers = await Promise.allSettled([reads.ask('a'), reads.ask('a'), reads.ask('b')]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  isFailing = false;
  expect(await reads.ask('a')).toBe('fine');
});
