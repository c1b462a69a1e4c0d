import { setTimeout as pause } from 'node:timers/promises';
import { createTracing } from '@claimcheck/platform/tracing/create-tracing';
import { inSpan } from '@claimcheck/platform/tracing/tracing';
import { rounded } from '../measure/median.ts';
import { countSpans } from './count-spans.ts';

/** The number of spans in one batch, so that recorded spans neither wait nor are dropped. */
const BATCH = 512;
const BATCHES = 20;
const RUNS = 15;
const OPTIONS = { kind: 'server', attributes: { 'url.path': '/v1/uploads' } } as const;

const nothing = async (): Promise<void> => undefined;

/**
 * Measures the processor time of an empty span in µs, including its export and the receiver's share, if any. Returns the least
 * of several runs, since other work on the machine can only add to it.
 *
 * @param sampled undefined: tracing is switched off
 */
export const spanMicroseconds = async (sampled: number | undefined): Promise<number> => {
  const receiver = await countSpans();
  let lost = 0;
  const tracing = await createTracing({
    service: 'bench',
    endpoint: sampled === undefined ? undefined : receiver.url,
    headers: {},
    sampled: sampled ?? 0,
    onLost: (spans) => {
      lost += spans;
    },
  });
  const runs: number[] = [];
  let sent = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const before = process.cpuUsage();
    for (let batch = 0; batch < BATCHES; batch += 1) {
      for (let span = 0; span < BATCH; span += 1) await inSpan(tracing, 'HTTP POST', OPTIONS, nothing);
      if (sampled !== 1) continue;
      sent += BATCH;
      while (receiver.count + lost < sent) await pause(1);
    }
    const { user, system } = process.cpuUsage(before);
    runs.push((user + system) / (BATCHES * BATCH));
  }
  await tracing.close();
  await receiver.close();
  if (lost > 0) throw new Error(`${lost} spans were not taken: what they cost is not known`);
  return rounded(Math.min(...runs));
};
