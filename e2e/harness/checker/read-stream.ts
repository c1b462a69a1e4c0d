import { optimizeResponseSchema } from '@claimcheck/contracts/broker-events';
import { streamsOf, subjectsOf } from '@claimcheck/contracts/subjects';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Effect } from './aftermath.ts';
import type { Payload } from './history.ts';

interface Published {
  mediaId?: string;
  epoch?: number;
  media?: { media_object_id: string; rev: number };
}

/** Returns what identifies a message among its kind; undefined for progress, which may repeat. */
const identityOf = (subject: string, isResponse: boolean, message: Published): string | undefined => {
  if (message.media !== undefined)
    return `${subject} of ${message.media.media_object_id} rev ${message.media.rev}`;
  const stage = isResponse ? optimizeResponseSchema.parse(message).stage : undefined;
  if (stage === 'progress') return undefined;
  return `${subject} of ${message.mediaId} epoch ${message.epoch ?? 1} ${stage ?? ''}`;
};

/** Reads every message of the media stream; the broker has dropped repeated ones. */
export const readStream = async (
  natsUrl: string,
  appName: string,
): Promise<{ effects: Effect[]; payloads: Payload[] }> => {
  const connection = await connect({ servers: natsUrl });
  try {
    const subjects = subjectsOf(appName);
    const stream = streamsOf(appName, subjects).media.name;
    const { state } = await (await jetstreamManager(connection)).streams.info(stream);
    const effects: Effect[] = [];
    const payloads: Payload[] = [];
    if (state.messages === 0) return { effects, payloads };
    const consumer = await jetstream(connection).consumers.get(stream);
    for await (const message of await consumer.consume()) {
      const isText = Buffer.from(message.string()).equals(Buffer.from(message.data));
      payloads.push({ where: 'broker', what: message.subject, bytes: message.data.length, isText });
      const isResponse = message.subject === subjects.optimizeResponse;
      const key = identityOf(message.subject, isResponse, message.json<Published>());
      if (key !== undefined) effects.push({ what: 'message on the broker', key });
      if (message.seq >= state.last_seq) break;
    }
    return { effects, payloads };
  } finally {
    await connection.close();
  }
};
