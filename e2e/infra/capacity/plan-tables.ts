import type { Figures } from './figures.ts';
import { largestInstallation, PHOTO, perCore, planFor } from './plan.ts';

const DEMANDS = [1, 100, 10_000];

/** Such a figure is accurate to two digits at most. */
const rough = (value: number): string => {
  const rounded = Number(value.toPrecision(2));
  return rounded >= 10 ? Math.round(rounded).toLocaleString('en-US') : String(rounded);
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const coresTable = (figures: Figures): string => {
  const core = perCore(figures);
  return table(
    ['process', 'one core carries', 'what ends it'],
    [
      [
        'api, `http`',
        `${rough(core.photosPerSecond)} photos/s with their messages, or ${rough(core.textsPerSecond)} texts/s, or ${rough(core.largeMibPerSecond)} MiB/s of large uploads`,
        'processor; memory for parts (`UPLOAD_MEMORY_BYTES`)',
      ],
      [
        'api, `background`',
        `${rough(core.resultsPerSecond)} results/s, ${PHOTO.results} a photo`,
        `the stream: ${rough(figures.streamPerSecond)} confirmed publishes/s with \`sync_interval: always\``,
      ],
      ['worker, `media`', `${rough(core.workerPhotosPerSecond)} photos/s of 12 megapixels`, 'processor'],
      [
        'gateway',
        `${rough(core.deliveriesPerSecond)} events/s to sockets in rooms of ten, ${rough(core.roomDeliveriesPerSecond)} in one large room`,
        `processor; memory: ${rough(core.connectionsPerGib)} idle connections a GiB`,
      ],
    ],
  );
};

const plansTable = (figures: Figures): string =>
  table(
    ['photos/s at the peak', ...DEMANDS.map((demand) => demand.toLocaleString('en-US'))],
    (
      [
        ['api cores, `http`', 'apiCores'],
        ['api cores, `background`', 'backgroundCores'],
        ['worker cores', 'workerCores'],
        ['gateway cores', 'gatewayCores'],
        ['events/s to sockets', 'deliveriesPerSecond'],
        ['Postgres cores', 'databaseCores'],
        ['Postgres commits/s', 'commitsPerSecond'],
        ['Postgres WAL, MiB/s', 'walMibPerSecond'],
        ['broker cores', 'brokerCores'],
        ['broker disk, MiB/s', 'brokerMibPerSecond'],
        ['MiB/s to the store', 'storeMibPerSecond'],
        ['installations', 'installations'],
      ] as const
    ).map(([name, key]) => [name, ...DEMANDS.map((demand) => rough(planFor(demand, figures)[key]))]),
  );

/** Returns both tables of docs/capacity.md. */
export const planTables = (figures: Figures): string =>
  [
    coresTable(figures),
    plansTable(figures),
    `One installation ends at about ${rough(largestInstallation(figures))} photos/s: then its stream is as full as planned.`,
  ].join('\n\n');
