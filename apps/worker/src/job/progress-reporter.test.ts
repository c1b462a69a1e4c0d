import { expect, it } from 'vitest';
import { ProgressReporter } from './progress-reporter.ts';

it('progress is reported at most once a second, and only when it grew', async () => {
  let now = 0;
  const sent: number[] = [];
  const reporter = new ProgressReporter(
    async (percent) => {
      sent.push(percent);
    },
    () => now,
  );
  for (const [time, percent] of [
    [0, 0],
    [100, 3],
    [600, 5],
    [1_200, 7],
    [2_300, 7],
    [3_400, 9],
  ] as const) {
    now = time;
    reporter.report(percent);
  }
  await reporter.flush();
  expect(sent).toEqual([3, 7, 9]);
});

it('continues after a report that failed', async () => {
  let now = 0;
  const sent: number[] = [];
  const reporter = new ProgressReporter(
    async (percent) => {
      if (percent === 1) throw new Error('the broker is away');
      sent.push(percent);
    },
    () => now,
  );
  reporter.report(1);
  now = 5_000;
  reporter.report(2);
  await reporter.flush();
  expect(sent).toEqual([2]);
});
