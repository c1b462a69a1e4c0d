import { type Figures, MEASURED_BY_HAND } from './figures.ts';

/** The path of a photo; `e2e/infra/docs.e2e.test.ts` counts its messages and events. */
export const PHOTO = {
  /** Messages that the outbox publishes from creation to `ready`. */
  outboxMessages: 5,
  /** With the two answers of a worker. */
  streamMessages: 7,
  /** Events for each member's socket: the message, the preview, ready. */
  events: 3,
  /** Of its conversation. */
  members: 10,
  mib: 1,
} as const;

/** Largest planned load of a core, and of a stream. */
const FULL = 0.6;
const MIB_PER_GIB = 1_024;

export interface Plan {
  uploadsPerSecond: number;
  apiCores: number;
  outboxPerSecond: number;
  relays: number;
  workerCores: number;
  deliveriesPerSecond: number;
  gatewayCores: number;
  databaseCores: number;
  storeMibPerSecond: number;
  /** Each with a separate stream, database and bucket. */
  installations: number;
}

/** Returns the needs of this many uploads of photos a second, at their peak. */
export const planFor = (uploadsPerSecond: number, figures: Figures): Plan => {
  const cores = (cpuMs: number) => (uploadsPerSecond * cpuMs) / 1_000 / FULL;
  const outboxPerSecond = uploadsPerSecond * PHOTO.outboxMessages;
  const deliveriesPerSecond = uploadsPerSecond * PHOTO.events * PHOTO.members;
  return {
    uploadsPerSecond,
    apiCores: cores(figures.apiCpuMs),
    outboxPerSecond,
    relays: Math.ceil(outboxPerSecond / (figures.relayPerSecond * FULL)),
    workerCores: cores(MEASURED_BY_HAND.photoCpuSeconds * 1_000),
    deliveriesPerSecond,
    gatewayCores: (deliveriesPerSecond * figures.deliveryCpuUs) / 1_000_000 / FULL,
    databaseCores: cores(MEASURED_BY_HAND.postgresCpuMs),
    storeMibPerSecond: uploadsPerSecond * PHOTO.mib,
    installations: Math.ceil((uploadsPerSecond * PHOTO.streamMessages) / (figures.streamPerSecond * FULL)),
  };
};

/** Returns the capacity of one fully used core. */
export const perCore = (figures: Figures) => ({
  uploadsPerSecond: 1_000 / figures.apiCpuMs,
  largeMibPerSecond: MIB_PER_GIB / figures.apiCpuSecondsPerGib,
  outboxPerSecond: figures.relayPerSecond,
  photosPerSecond: 1 / MEASURED_BY_HAND.photoCpuSeconds,
  deliveriesPerSecond: 1_000_000 / figures.deliveryCpuUs,
  roomDeliveriesPerSecond: 1_000_000 / figures.roomDeliveryCpuUs,
  /** By a gateway's memory, not its core. */
  connectionsPerGib: (MIB_PER_GIB * 1_024) / figures.connectionKb,
});

/** Returns the uploads a second at which an installation's stream reaches its planned load. */
export const largestInstallation = (figures: Figures): number =>
  Math.floor((figures.streamPerSecond * FULL) / PHOTO.streamMessages);
