import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { subjectsRead } from '@claimcheck/platform/nats/subjects-read';
import { consumersOf, unreadSubjects } from '@claimcheck/platform/nats/wiring';
import { type Check, failed, passed, warned } from './check.ts';

const SAME_NAMES = 'give every process the same APP_NAME and SUBJECT_… variables, and restart it';

interface PlannedReader {
  consumer: string;
  subject: string;
  process: string;
  /** Subjects of its stream, if that is not the media stream; checked as a stream. */
  takenBy?: string[];
}

/** The planned reader of each subject, by the names in this process's environment. */
const plannedReaders = ({ subjects, streams }: Bus): PlannedReader[] => [
  { consumer: CONSUMERS.media, subject: subjects.optimizeRequest, process: 'worker (lane media)' },
  { consumer: CONSUMERS.transcode, subject: subjects.transcodeRequest, process: 'worker (lane transcode)' },
  { consumer: CONSUMERS.results, subject: subjects.optimizeResponse, process: 'api (role background)' },
  { consumer: CONSUMERS.virus, subject: subjects.virus, process: 'api (role background)' },
  {
    consumer: CONSUMERS.storage,
    subject: subjects.storageEvents,
    process: 'api (role background)',
    takenBy: streams.storage.subjects,
  },
];

/** Checks that streams take, and consumers read, the subjects of this process's environment. */
export const checkWiring = async (bus: Bus): Promise<Check[]> => {
  const stream = bus.streams.media.name;
  const taken = await bus.subjectsTaken();
  if (taken === undefined) return [failed('wiring', `there is no stream ${stream}`, 'start the api')];
  const consumers = await consumersOf(bus);
  const checks = plannedReaders(bus).map(({ consumer, subject, process, takenBy = taken }): Check => {
    const name = `subject ${subject}`;
    if (!takenBy.includes(subject))
      return failed(name, `no stream takes it; ${stream} takes ${taken.join(', ')}`, SAME_NAMES);
    const info = consumers.find((one) => one.name === consumer);
    if (info === undefined) return failed(name, `no consumer ${consumer} reads it`, `start the ${process}`);
    const read = subjectsRead(info.config);
    if (!read.includes(subject))
      return failed(name, `the consumer ${consumer} reads ${read.join(', ')}`, SAME_NAMES);
    const detail = `read by ${consumer}, ${info.num_pending} waiting`;
    const others = read.filter((one) => one !== subject);
    return others.length === 0
      ? passed(name, detail)
      : warned(
          name,
          `${detail}; it reads ${others.join(', ')} besides, as another process calls it, or did`,
          `${SAME_NAMES}; then nats consumer edit ${info.stream_name} ${consumer} --filter ${subject}`,
        );
  });
  const named = plannedReaders(bus).map(({ subject }) => subject);
  const unread = (await unreadSubjects(bus, consumers)).filter((subject) => !named.includes(subject));
  return [
    ...checks,
    ...unread.map((subject) =>
      failed(
        `subject ${subject}`,
        `messages arrive on it and no consumer reads it; planned are ${named.join(', ')}`,
        SAME_NAMES,
      ),
    ),
  ];
};
