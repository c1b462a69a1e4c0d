import { expect, test } from 'vitest';
import { LINES } from './line-modes.ts';
import { LineCutError, NetworkLine } from './network-line.ts';

test('requests share the speed of the line', async () => {
  const line = new NetworkLine();
  line.setMode('slow');
  const start = performance.now();
  const bytes = LINES.slow.bytesPerSecond / 20;
  await Promise.all([line.pass(bytes), line.pass(bytes)]);
  expect(performance.now() - start).toBeGreaterThanOrEqual(100 + LINES.slow.latencyMs - 5);
});

test('an open line adds no delay', async () => {
  const line = new NetworkLine();
  const start = performance.now();
  await line.pass(1e12);
  expect(performance.now() - start).toBeLessThan(50);
});

test('a cut ends waiting requests and refuses new ones until it is over', async () => {
  const line = new NetworkLine();
  line.setMode('crawl');
  const waiting = line.pass(1e9);
  line.setMode('cut');
  await expect(waiting).rejects.toBeInstanceOf(LineCutError);
  await expect(line.pass(1)).rejects.toBeInstanceOf(LineCutError);
  line.setMode('open');
  await expect(line.pass(1)).resolves.toBeUndefined();
});

test('events are noted, and repeated news about one subject only once', () => {
  const line = new NetworkLine();
  line.note('1 of 3', 'a');
  line.note('2 of 3', 'a');
  line.note('other');
  line.note('3 of 3', 'a');
  expect(line.store.get().events.map(({ words }) => words)).toEqual(['3 of 3', 'other', '2 of 3']);
});
