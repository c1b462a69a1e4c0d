import { type Figures, MEASURED_BY_HAND } from './figures.ts';

/** A photo's way; `e2e/infra/docs.e2e.test.ts` counts it. */
export const PHOTO = {
  /** Messages that the outbox publishes from creation to `ready`. */
  outboxMessages: 5,
  /** With the two answers of a worker. */
  streamMessages: 7,
  /** Events that each member's socket gets: the message, the preview, ready. */
  events: 3,
  /** Of its conversation. */
  members: 10,
  mib: 1,
} as const;

/** No core is planned fuller, and no stream. */
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
  /** Each with a stream, a database and a bucket of its own. */
  installations: number;
}

/** What so many uploads of photos a second need, at their peak. */
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

/** What one core carries, all of it. */
export const perCore = (figures: Figures) => ({
  uploadsPerSecond: 1_000 / figures.apiCpuMs,
  largeMibPerSecond: MIB_PER_GIB / figures.apiCpuSecondsPerGib,
  outboxPerSecond: figures.relayPerSecond,
  photosPerSecond: 1 / MEASURED_BY_HAND.photoCpuSeconds,
  deliveriesPerSecond: 1_000_000 / figures.deliveryCpuUs,
  roomDeliveriesPerSecond: 1_000_000 / figures.roomDeliveryCpuUs,
  /** A gateway's memory, not its core. */
  connectionsPerGib: (MIB_PER_GIB * 1_024) / figures.connectionKb,
});

/** The uploads a second at which an installation's stream is as full as it is planned to be. */
export const largestInstallation = (figures: Figures): number =>
  Math.floor((figures.streamPerSecond * FULL) / PHOTO.streamMessages);
