/** Bytes of a mebibyte. */
export const MIB = 1_024 ** 2;

/** Sizes that keep every event small enough for a phone with a weak signal. All in bytes unless stated otherwise. */
export const LIMITS = {
  /** An event on the broker or a socket. */
  eventBytes: 8 * 1024,
  /** A frame that a client may send to the gateway. */
  clientFrameBytes: 16 * 1024,
  /** `Upload-Metadata` of a tus creation. */
  uploadMetadataBytes: 2 * 1024,
  messageBodyBytes: 4_000,
  altBytes: 1_000,
  filenameBytes: 255,
  /** The host's own `data`, as JSON. */
  dataBytes: 1_024,
  /** Media objects in one message. */
  attachments: 10,
  /** Longest `wait` of a long-poll, in seconds. */
  longPollSeconds: 25,
  /** Conversations in one answer to `subscribe:all`: the longest of such answers stays below eventBytes. */
  subscribeAllPage: 50,
  /** Missed events that a subscription replays; a client that missed more loads the newest page instead. */
  replayEvents: 500,
  /** Largest page of messages or events. */
  pageSize: 200,
  /** Largest count that a row can store: pixels of an edge, milliseconds of a film (24 days), attempts. */
  count: 2_147_483_647,
  /** Parts whose URLs are signed in one answer. */
  signedParts: 100,
} as const;
