import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const RESULTS = new URL('../../../bench/results/', import.meta.url);

/** What one photo, or one text, costs from creation to its last event. */
interface Journey {
  /** Of one core, milliseconds. */
  cpu_ms: { api_http: number; api_background: number; gateway: number; postgres: number; nats: number };
  commits: number;
  wal_bytes: number;
  stream_messages: number;
  stream_bytes: number;
}

/** Measured figures, from which a plan is made. Processor times are of one core of that machine. */
export interface Figures {
  /** A photo through the whole system, and a text: `npm run bench -- journey`. */
  photo: Journey;
  text: Journey;
  /** Results that one background process applies: the same. */
  resultsPerSecond: number;
  /** Of a worker for a photo of 12 megapixels: `npm run bench -- pipeline`. */
  photoCpuSeconds: number;
  /** Of the api for a GiB in large uploads: `npm run bench -- upload`, 8x64MiB. */
  apiCpuSecondsPerGib: number;
  /** Confirmed publishes of bare clients: what one stream of the broker takes. `npm run bench -- relay`. */
  streamPerSecond: number;
  /** Of a gateway for an event to one socket, in rooms of ten: `npm run bench -- gateway`, many rooms. */
  deliveryCpuUs: number;
  /** The same, in one large room. */
  roomDeliveryCpuUs: number;
  /** Of a gateway for an idle connection. */
  connectionKb: number;
}

const journey = z.object({
  cpu_ms: z.object({
    api_http: z.number(),
    api_background: z.number(),
    gateway: z.number(),
    postgres: z.number(),
    nats: z.number(),
  }),
  commits: z.number(),
  wal_bytes: z.number(),
  stream_messages: z.number(),
  stream_bytes: z.number(),
});
const journeys = z.object({
  photo: journey,
  text: journey,
  results: z.object({ per_second: z.number() }),
});
const upload = z.object({
  loads: z.array(z.looseObject({ load: z.string(), cpu_s_per_gib: z.object({ ours: z.number() }) })),
});
const relay = z.object({ raw_per_second: z.number() });
const gateway = z.object({
  cpu_us_per_delivery: z.number(),
  kb_per_connection: z.number(),
  many_rooms: z.object({ cpu_us_per_delivery: z.number() }),
});
const pipeline = z.object({ sharp_cpu_s_per_photo: z.number(), batch_vs_sharp: z.number() });

const resultOf = async <T>(name: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(JSON.parse(await readFile(new URL(`${name}.json`, RESULTS), 'utf8')));

/** Reads the benches' results in bench/results. @throws Error when a bench's result lacks one */
export const readFigures = async (): Promise<Figures> => {
  const { photo, text, results } = await resultOf('journey', journeys);
  const { loads } = await resultOf('upload', upload);
  const large = loads.find(({ load }) => load === '8x64MiB');
  if (large === undefined) throw new Error('bench/results/upload.json has no load 8x64MiB');
  const { raw_per_second } = await resultOf('relay', relay);
  const sockets = await resultOf('gateway', gateway);
  const { sharp_cpu_s_per_photo, batch_vs_sharp } = await resultOf('pipeline', pipeline);
  return {
    photo,
    text,
    resultsPerSecond: results.per_second,
    photoCpuSeconds: sharp_cpu_s_per_photo * batch_vs_sharp,
    apiCpuSecondsPerGib: large.cpu_s_per_gib.ours,
    streamPerSecond: raw_per_second,
    deliveryCpuUs: sockets.many_rooms.cpu_us_per_delivery,
    roomDeliveryCpuUs: sockets.cpu_us_per_delivery,
    connectionKb: sockets.kb_per_connection,
  };
};
