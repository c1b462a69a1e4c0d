import type { Figures } from './figures.ts';

/** The path of a photo; `e2e/infra/docs.e2e.test.ts` counts its messages and events. */
export const PHOTO = {
  /** Five of the outbox, and two answers of a worker. */
  streamMessages: 7,
  /** Answers of a worker. */
  results: 2,
  /** Events for each member's socket: the message, the preview, ready. */
  events: 3,
  mib: 1,
} as const;

/** Texts that are sent for each photo. */
const TEXTS = 10;
/** Of a conversation, all online. */
const MEMBERS = 10;

/** Largest planned load of a core, and of a stream. */
const FULL = 0.6;
const MIB_PER_GIB = 1_024;
const MIB = 1_024 * 1_024;

export interface Plan {
  photosPerSecond: number;
  apiCores: number;
  backgroundCores: number;
  workerCores: number;
  deliveriesPerSecond: number;
  gatewayCores: number;
  databaseCores: number;
  commitsPerSecond: number;
  walMibPerSecond: number;
  brokerCores: number;
  /** Written to the broker's disk. */
  brokerMibPerSecond: number;
  storeMibPerSecond: number;
  /** Each with a separate stream, database and bucket. */
  installations: number;
}

/** Returns the needs of this many photos a second with their texts, at the peak. */
export const planFor = (photosPerSecond: number, figures: Figures): Plan => {
  const { photo, text } = figures;
  const both = (of: (one: Figures['photo']) => number) => photosPerSecond * (of(photo) + TEXTS * of(text));
  const cores = (of: (cpu: Figures['photo']['cpu_ms']) => number) =>
    both(({ cpu_ms }) => of(cpu_ms)) / 1_000 / FULL;
  const deliveriesPerSecond = photosPerSecond * (PHOTO.events + TEXTS) * MEMBERS;
  return {
    photosPerSecond,
    apiCores: cores((cpu) => cpu.api_http),
    backgroundCores: cores((cpu) => cpu.api_background),
    workerCores: (photosPerSecond * figures.photoCpuSeconds) / FULL,
    deliveriesPerSecond,
    gatewayCores: (deliveriesPerSecond * figures.deliveryCpuUs) / 1_000_000 / FULL,
    databaseCores: cores((cpu) => cpu.postgres),
    commitsPerSecond: both((one) => one.commits),
    walMibPerSecond: both((one) => one.wal_bytes) / MIB,
    brokerCores: cores((cpu) => cpu.nats),
    brokerMibPerSecond: both((one) => one.stream_bytes) / MIB,
    storeMibPerSecond: photosPerSecond * PHOTO.mib,
    installations: Math.ceil(photosPerSecond / largestInstallation(figures)),
  };
};

/** Returns the capacity of one fully used core. */
export const perCore = (figures: Figures) => ({
  photosPerSecond: 1_000 / figures.photo.cpu_ms.api_http,
  textsPerSecond: 1_000 / figures.text.cpu_ms.api_http,
  largeMibPerSecond: MIB_PER_GIB / figures.apiCpuSecondsPerGib,
  resultsPerSecond: figures.resultsPerSecond,
  workerPhotosPerSecond: 1 / figures.photoCpuSeconds,
  deliveriesPerSecond: 1_000_000 / figures.deliveryCpuUs,
  roomDeliveriesPerSecond: 1_000_000 / figures.roomDeliveryCpuUs,
  /** By a gateway's memory, not its core. */
  connectionsPerGib: (MIB_PER_GIB * 1_024) / figures.connectionKb,
});

/** Returns the photos a second at which an installation's stream reaches its planned load. */
export const largestInstallation = (figures: Figures): number =>
  Math.floor((figures.streamPerSecond * FULL) / PHOTO.streamMessages);
