import { setTimeout as pause } from 'node:timers/promises';
import type { Seeded } from '../../harness/seeded.ts';
import type { Link } from '../../harness/toxiproxy.ts';
import type { Supervised } from './supervised.ts';

/** Breaks something, and has healed it when it resolves. */
export interface Fault {
  name: string;
  strike: (random: Seeded) => Promise<void>;
}

/** A half-open connection is noticed after 15 s at the latest; some of these last longer. */
const SILENT_MS = [2_000, 20_000] as const;
const CUT_MS = [500, 15_000] as const;
const LONG_CUT_MS = 60_000;
const FROZEN_MS = [500, 10_000] as const;
const DOWN_MS = [0, 3_000] as const;

export const faultsOfProcess = (process: Supervised): Fault[] => [
  { name: `${process.name} killed`, strike: (random) => process.kill(random.int(...DOWN_MS)) },
  { name: `${process.name} paused`, strike: (random) => process.freeze(random.int(...FROZEN_MS)) },
];

export const faultsOfLink = (name: string, link: Link): Fault[] => {
  const cutFor = async (ms: number) => {
    await link.cut();
    await pause(ms);
    await link.join();
  };
  return [
    { name: `${name} cut`, strike: (random) => cutFor(random.int(...CUT_MS)) },
    {
      name: `${name} silent`,
      strike: async (random) => {
        await link.add('deaf', { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } });
        await link.add('mute', { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
        await pause(random.int(...SILENT_MS));
        // Taking a fault out of a link in use can block the proxy for ever.
        await link.cut();
        await link.remove('deaf');
        await link.remove('mute');
        await link.join();
      },
    },
  ];
};

/** Drill 10 as documented. */
export const longCut = (name: string, link: Link): Fault => ({
  name: `${name} away for a minute`,
  strike: async () => {
    await link.cut();
    await pause(LONG_CUT_MS);
    await link.join();
  },
});
