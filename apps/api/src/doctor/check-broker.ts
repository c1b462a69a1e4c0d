import type { Bus } from '@claimcheck/platform/nats/bus';
import { type StreamFacts, streamFacts } from '@claimcheck/platform/nats/stream-facts';
import { describeError } from './attempt.ts';
import { type Check, failed, passed, warned } from './check.ts';

/** Earlier versions could lose confirmed messages on restarts and full disks (README, "Run it"). */
const OLDEST = [2, 14, 5] as const;
/** Fits an event of 8 KiB, a dead letter with its headers, and the largest response with its derivatives. */
const LEAST_PAYLOAD_BYTES = 64 * 1_024;
const CLUSTER_REPLICAS = 3;

const isOlder = (version: string): boolean => {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, least] of OLDEST.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
};

const checkServer = ({ connection }: Bus): Check => {
  const name = 'nats';
  const { version = 'of unknown version', max_payload = 0 } = connection.info ?? {};
  if (max_payload < LEAST_PAYLOAD_BYTES)
    return failed(
      name,
      `${version}, takes messages of ${max_payload} bytes at most`,
      `raise max_payload to ${LEAST_PAYLOAD_BYTES} or more`,
    );
  return isOlder(version)
    ? warned(
        name,
        `${version} is older than ${OLDEST.join('.')}`,
        `upgrade nats-server to ${OLDEST.join('.')} or later`,
      )
    : passed(name, version);
};

const checkStream = ({ plan, found }: StreamFacts): Check => {
  const name = `stream ${plan.name}`;
  if (found === undefined) return failed(name, 'there is none', 'start the api: it makes its streams');
  const missing = plan.subjects.filter((subject) => !found.subjects.includes(subject));
  if (missing.length > 0)
    return failed(
      name,
      `does not take ${missing.join(', ')}; it takes ${found.subjects.join(', ')}`,
      'give every process the same APP_NAME and SUBJECT_… variables, and restart the api',
    );
  if (!found.isInFiles)
    return failed(
      name,
      'is kept in memory: a restart of the broker loses it',
      `while nothing waits: nats stream rm ${plan.name}, and restart the api`,
    );
  const detail = `${found.messages} messages, ${found.replicas} replicas`;
  const byHand = `nats stream edit ${plan.name} --replicas ${CLUSTER_REPLICAS}`;
  return found.isClustered && found.replicas < CLUSTER_REPLICAS
    ? warned(name, detail, `NATS_STREAM_REPLICAS=${CLUSTER_REPLICAS} for the api, or ${byHand}`)
    : passed(name, detail);
};

/** Checks that the broker is recent enough, and has JetStream with streams that take our subjects. */
export const checkBroker = async (bus: Bus): Promise<Check[]> => {
  const server = checkServer(bus);
  try {
    const streams = await streamFacts(bus);
    return [server, passed('jetstream', 'answers'), ...streams.map(checkStream)];
  } catch (error) {
    const fix =
      'enable JetStream on the server and for this account, and let its user ask $JS.API.STREAM.INFO.*';
    return [server, failed('jetstream', describeError(error), fix)];
  }
};
