/** Names on the broker. APP_NAME prefixes all of them, so that several installations can share a server. */
export interface SubjectOverrides {
  optimizeRequest?: string | undefined;
  optimizeResponse?: string | undefined;
  virus?: string | undefined;
}

export interface Subjects {
  mediaUploaded: string;
  mediaUpdated: string;
  optimizeRequest: string;
  optimizeResponse: string;
  virus: string;
  transcodeRequest: string;
  storageEvents: string;
  outboxWakeUp: string;
  deadLetter: (consumer: string) => string;
  conversation: (conversationId: string) => string;
  user: (userId: string) => string;
  mediaChanged: (mediaObjectId: string) => string;
  uploadRelease: (uploadId: string) => string;
  probeArrived: (probeId: string) => string;
  rateCounts: string;
}

export const subjectsOf = (appName: string, overrides: SubjectOverrides = {}): Subjects => ({
  mediaUploaded: `${appName}.media.uploaded`,
  mediaUpdated: `${appName}.media.updated`,
  optimizeRequest: overrides.optimizeRequest ?? `${appName}.media.optimize.request`,
  optimizeResponse: overrides.optimizeResponse ?? `${appName}.media.optimize.response`,
  virus: overrides.virus ?? `${appName}.media.optimize.response.virus`,
  transcodeRequest: `${appName}.media.transcode.request`,
  storageEvents: `${appName}.storage.events`,
  // Core NATS from here on: announcements of what Postgres contains.
  outboxWakeUp: `${appName}.outbox.wake`,
  deadLetter: (consumer) => `${appName}.dlq.${consumer}`,
  conversation: (conversationId) => `${appName}.conversation.${conversationId}`,
  user: (userId) => `${appName}.user.${userId}`,
  mediaChanged: (mediaObjectId) => `${appName}.changed.${mediaObjectId}`,
  uploadRelease: (uploadId) => `${appName}.upload.release.${uploadId}`,
  probeArrived: (probeId) => `${appName}.probe.${probeId}`,
  rateCounts: `${appName}.rate.counts`,
});

export interface StreamPlan {
  name: string;
  subjects: string[];
  maxAgeMs: number;
  /** Largest size of the stream; beyond it the oldest messages are dropped. */
  maxBytes: number;
}

export interface Streams {
  /** Requests to workers and their answers. The api repeats a request that was lost here. */
  media: StreamPlan;
  /** Facts for hosts; Claimcheck itself does not read them. */
  facts: StreamPlan;
  storage: StreamPlan;
  deadLetters: StreamPlan;
}

const DAY_MS = 86_400_000;
const GIB = 1_024 ** 3;

/** Sizes that streams may reach on the broker's disk, in bytes. */
export interface StreamBytes {
  work?: number | undefined;
  facts?: number | undefined;
}

/** Returns the plan of each stream. It lists subjects one by one: a wildcard would overlap with the dead letters'. */
export const streamsOf = (appName: string, subjects: Subjects, bytes: StreamBytes = {}): Streams => {
  const prefix = appName.toUpperCase();
  return {
    media: {
      name: `${prefix}_MEDIA`,
      subjects: [
        subjects.optimizeRequest,
        subjects.optimizeResponse,
        subjects.virus,
        subjects.transcodeRequest,
      ],
      maxAgeMs: 7 * DAY_MS,
      maxBytes: bytes.work ?? 4 * GIB,
    },
    facts: {
      name: `${prefix}_FACTS`,
      subjects: [subjects.mediaUploaded, subjects.mediaUpdated],
      maxAgeMs: 7 * DAY_MS,
      maxBytes: bytes.facts ?? GIB,
    },
    storage: {
      name: `${prefix}_STORAGE`,
      subjects: [subjects.storageEvents],
      maxAgeMs: 7 * DAY_MS,
      maxBytes: GIB / 4,
    },
    deadLetters: {
      name: `${prefix}_DLQ`,
      subjects: [subjects.deadLetter('*')],
      maxAgeMs: 30 * DAY_MS,
      maxBytes: GIB,
    },
  };
};

/** Durable JetStream consumers. The name is also the last token of the dead letters' subject. */
export const CONSUMERS = {
  media: 'media-worker',
  transcode: 'transcode-worker',
  results: 'api-results',
  virus: 'api-virus',
  storage: 'api-storage',
  webhooks: 'api-webhooks',
} as const;
