import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Bus } from '@claimcheck/platform/bus';
import { consumersOf, unreadSubjects } from '@claimcheck/platform/wiring';
import type { Check } from './check.ts';

const SAME_NAMES = 'give every process the same APP_NAME and SUBJECT_… variables, and restart it';

/** Who reads each subject, as this process's environment calls it. */
const plannedReaders = ({ subjects }: Bus) => [
  { consumer: CONSUMERS.media, subject: subjects.optimizeRequest, process: 'worker (lane media)' },
  { consumer: CONSUMERS.transcode, subject: subjects.transcodeRequest, process: 'worker (lane transcode)' },
  { consumer: CONSUMERS.results, subject: subjects.optimizeResponse, process: 'api (role background)' },
  { consumer: CONSUMERS.virus, subject: subjects.virus, process: 'api (role background)' },
];

/** Whether streams take, and consumers read, what this process's environment says. */
export const checkWiring = async (bus: Bus): Promise<Check[]> => {
  const stream = bus.streams.media.name;
  const taken = await bus.subjectsTaken();
  if (taken === undefined)
    return [{ name: 'stream', ok: false, detail: `there is no stream ${stream}`, fix: 'start the api' }];
  const consumers = await consumersOf(bus);
  const checks = plannedReaders(bus).map(({ consumer, subject, process }): Check => {
    const name = `subject ${subject}`;
    if (!taken.includes(subject))
      return {
        name,
        ok: false,
        detail: `no stream takes it; ${stream} takes ${taken.join(', ')}`,
        fix: SAME_NAMES,
      };
    const info = consumers.find((one) => one.name === consumer);
    if (info === undefined)
      return { name, ok: false, detail: `no consumer ${consumer} reads it`, fix: `start the ${process}` };
    const { filter_subject } = info.config;
    return filter_subject === subject
      ? { name, ok: true, detail: `read by ${consumer}, ${info.num_pending} waiting` }
      : { name, ok: false, detail: `the consumer ${consumer} reads ${filter_subject}`, fix: SAME_NAMES };
  });
  const named = plannedReaders(bus).map(({ subject }) => subject);
  const unread = (await unreadSubjects(bus, consumers)).filter((subject) => !named.includes(subject));
  return [
    ...checks,
    ...unread.map((subject) => ({
      name: `subject ${subject}`,
      ok: false,
      detail: `somebody publishes to it and no consumer reads it; planned are ${named.join(', ')}`,
      fix: SAME_NAMES,
    })),
  ];
};
