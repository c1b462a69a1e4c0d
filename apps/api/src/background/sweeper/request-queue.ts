import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { catchesUp, streamPositions } from '@claimcheck/platform/nats/stream-position';
import type { OverdueMedia, OverdueRequest } from '../../media/results/overdue-media.ts';

/** Results that take longer than this to be applied count as lagging. */
const RESULTS_MS = 1_000;

type Located = Pick<OverdueMedia, 'media_object_id' | 'request'>;

interface Published {
  request: OverdueRequest;
  stream_seq: number;
}

/**
 * Finds media objects that still wait for their turn. Their requests are in the outbox, in the queue or in work; or those
 * are done, and some of their results may not be applied yet.
 *
 * @returns their ids; a request that the outbox has deleted is not among them
 * @throws when the broker does not answer
 */
export const findWaiting = async (
  bus: Pick<Bus, 'manager' | 'streams' | 'subjects'>,
  overdue: readonly Located[],
): Promise<Set<string>> => {
  const waiting = new Set<string>();
  const published: (Published & { id: string })[] = [];
  for (const { media_object_id: id, request } of overdue) {
    if (request === undefined) continue;
    if (request.stream_seq !== undefined) published.push({ id, request, stream_seq: request.stream_seq });
    // Not published yet, or published by an older release, which did not record where: the last deadline bounds it.
    else waiting.add(id);
  }
  const answered: string[] = [];
  const consumers = {
    [bus.subjects.optimizeRequest]: CONSUMERS.media,
    [bus.subjects.transcodeRequest]: CONSUMERS.transcode,
  };
  for (const [subject, consumer] of Object.entries(consumers)) {
    const ours = published.filter(({ request }) => request.subject === subject);
    if (ours.length === 0) continue;
    const positions = await streamPositions(
      bus.manager,
      { stream: bus.streams.media.name, consumer },
      ours.map(({ request, stream_seq }) => ({ message_id: request.id, stream_seq })),
    );
    for (const [index, { id }] of ours.entries()) {
      if (positions[index] === 'waiting') waiting.add(id);
      if (positions[index] === 'done') answered.push(id);
    }
  }
  // The worker published its result before the ack. Once every result now in the stream is applied, so are the results of
  // these. An api that lags repeats no request, which would lengthen its queue.
  const results = { stream: bus.streams.media.name, consumer: CONSUMERS.results };
  if (answered.length > 0 && !(await catchesUp(bus.manager, results, RESULTS_MS)))
    for (const id of answered) waiting.add(id);
  return waiting;
};
