/** Names on the broker. Everything is prefixed with APP_NAME, so that several installations share a server. */
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
}

export const subjectsOf = (appName: string, overrides: SubjectOverrides = {}): Subjects => ({
  mediaUploaded: `${appName}.media.uploaded`,
  mediaUpdated: `${appName}.media.updated`,
  optimizeRequest: overrides.optimizeRequest ?? `${appName}.media.optimize.request`,
  optimizeResponse: overrides.optimizeResponse ?? `${appName}.media.optimize.response`,
  virus: overrides.virus ?? `${appName}.media.optimize.response.virus`,
  transcodeRequest: `${appName}.media.transcode.request`,
  storageEvents: `${appName}.storage.events`,
  // Core NATS from here on: announcements of what Postgres holds.
  outboxWakeUp: `${appName}.outbox.wake`,
  deadLetter: (consumer) => `${appName}.dlq.${consumer}`,
  conversation: (conversationId) => `${appName}.conversation.${conversationId}`,
  user: (userId) => `${appName}.user.${userId}`,
  mediaChanged: (mediaObjectId) => `${appName}.changed.${mediaObjectId}`,
  uploadRelease: (uploadId) => `${appName}.upload.release.${uploadId}`,
  probeArrived: (probeId) => `${appName}.probe.${probeId}`,
});

export interface StreamPlan {
  name: string;
  subjects: string[];
  maxAgeMs: number;
  /** At most; then the oldest go first. */
  maxBytes: number;
}

export interface Streams {
  /** Requests to workers, and their answers. What was lost of these is asked for again. */
  media: StreamPlan;
  /** Facts for hosts: this system doesn't read them. */
  facts: StreamPlan;
  storage: StreamPlan;
  deadLetters: StreamPlan;
}

const DAY_MS = 86_400_000;
const GIB = 1_024 ** 3;

/** How much of the broker's disk streams may take. Bytes. */
export interface StreamBytes {
  work?: number | undefined;
  facts?: number | undefined;
}

/** Subjects are listed one by one: a wildcard would overlap with the dead letters'. */
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

/** Durable JetStream consumers; the name is also the dead letters' last token. */
export const CONSUMERS = {
  media: 'media-worker',
  transcode: 'transcode-worker',
  results: 'api-results',
  virus: 'api-virus',
  storage: 'api-storage',
  webhooks: 'api-webhooks',
} as const;
