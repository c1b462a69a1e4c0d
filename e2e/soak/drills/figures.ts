import type { DrillWorld } from '../../harness/drill-world.ts';
import type { ChattingClient } from './chatting-client.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Rows are not written again once they have settled, so that their last change is when they did. */
const longestSettleMs = async (world: DrillWorld, clients: readonly ChattingClient[]): Promise<number> => {
  const acknowledgedAt = new Map(clients.flatMap(({ figures }) => [...figures.acknowledgedAt]));
  const rows = await world.database.client.media_object.findMany({
    select: { media_object_id: true, updated_at: true },
  });
  return Math.max(
    0,
    ...rows.map(
      ({ media_object_id, updated_at }) =>
        updated_at.getTime() - (acknowledgedAt.get(media_object_id) ?? updated_at.getTime()),
    ),
  );
};

/** A summary of the run, for docs/measurements.md. */
export const printFigures = async (run: {
  world: DrillWorld;
  clients: readonly ChattingClient[];
  faults: readonly Map<string, number>[];
  settledMs: number;
  crashes: readonly string[];
}): Promise<void> => {
  const { world, clients } = run;
  const states = await world.database.client.media_object.groupBy({
    by: ['state', 'failure_code'],
    _count: true,
  });
  const faults = new Map(run.faults.flatMap((counts) => [...counts]));
  const figures = {
    uploads: sum(clients.map((client) => client.figures.uploads)),
    messages: sum(clients.map((client) => client.figures.messages)),
    events_received: sum(world.history.feeds.map(({ events }) => events.length)),
    faults: sum([...faults.values()]),
    crashes: run.crashes,
    settled_after_healing_ms: run.settledMs,
    longest_settle_ms: await longestSettleMs(world, clients),
    states: Object.fromEntries(
      states.map(({ state, failure_code, _count }) => [[state, failure_code ?? ''].join(' ').trim(), _count]),
    ),
    by_fault: Object.fromEntries([...faults].sort()),
  };
  console.log(JSON.stringify(figures, undefined, 2));
};
