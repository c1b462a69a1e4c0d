import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const RESULTS = new URL('../../../bench/results/', import.meta.url);

/** Measured figures, from which a plan is made. Processor times are of one core of that machine. */
export interface Figures {
  /** Of the api for an upload of 1 MiB: `npm run bench -- upload`, 16x1MiB. */
  apiCpuMs: number;
  /** Of the api for a GiB in large uploads: the same, 8x64MiB. */
  apiCpuSecondsPerGib: number;
  /** Confirmed publishes of bare clients: what one stream of the broker takes. `npm run bench -- relay`. */
  streamPerSecond: number;
  /** Outbox messages that one relay publishes: the same. */
  relayPerSecond: number;
  /** Of a gateway for an event to one socket, in rooms of ten: `npm run bench -- gateway`, many rooms. */
  deliveryCpuUs: number;
  /** The same, in one large room. */
  roomDeliveryCpuUs: number;
  /** Of a gateway for an idle connection. */
  connectionKb: number;
}

const upload = z.object({
  loads: z.array(
    z.looseObject({
      load: z.string(),
      cpu_s_per_gib: z.object({ ours: z.number() }),
      cpu_ms_per_upload: z.object({ ours: z.number() }),
    }),
  ),
});
const relay = z.object({ raw_per_second: z.number(), events_per_second: z.number() });
const gateway = z.object({
  cpu_us_per_delivery: z.number(),
  kb_per_connection: z.number(),
  many_rooms: z.object({ cpu_us_per_delivery: z.number() }),
});

const resultOf = async <T>(name: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(JSON.parse(await readFile(new URL(`${name}.json`, RESULTS), 'utf8')));

/** Figures without a bench: docs/measurements.md names their source. */
export const MEASURED_BY_HAND = {
  /** Processor time of a worker for a photo of 12 megapixels. */
  photoCpuSeconds: 0.89,
  /** Of the servers for an upload of 1 MiB. */
  postgresCpuMs: 2.0,
  brokerCpuMs: 0.8,
  storeCpuMs: 5.3,
} as const;

/** Reads the benches' results in bench/results. @throws Error when a bench's result lacks one */
export const readFigures = async (): Promise<Figures> => {
  const { loads } = await resultOf('upload', upload);
  const loadNamed = (name: string) => {
    const found = loads.find(({ load }) => load === name);
    if (found === undefined) throw new Error(`bench/results/upload.json has no load ${name}`);
    return found;
  };
  const { raw_per_second, events_per_second } = await resultOf('relay', relay);
  const sockets = await resultOf('gateway', gateway);
  return {
    apiCpuMs: loadNamed('16x1MiB').cpu_ms_per_upload.ours,
    apiCpuSecondsPerGib: loadNamed('8x64MiB').cpu_s_per_gib.ours,
    streamPerSecond: raw_per_second,
    relayPerSecond: events_per_second,
    deliveryCpuUs: sockets.many_rooms.cpu_us_per_delivery,
    roomDeliveryCpuUs: sockets.cpu_us_per_delivery,
    connectionKb: sockets.kb_per_connection,
  };
};
