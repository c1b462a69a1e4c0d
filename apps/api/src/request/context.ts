import type { Database } from '@claimcheck/database/database';
import type { RefusalLog } from '@claimcheck/platform/auth/refusal-log';
import type { Identity, TokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { DownloadSigner } from '@claimcheck/platform/signing/download-signer';
import type { Tracing } from '@claimcheck/platform/tracing/tracing';
import type { Config } from '../config.ts';
import type { DirectUploads } from '../direct/direct-uploads.ts';
import type { Viewer } from '../media/access/media-access.ts';
import type { DomainConfig } from '../media/record/domain-config.ts';
import type { Metrics } from '../metrics/create-metrics.ts';
import type { MediaPasses } from './media-passes.ts';
import type { MediaWaiters } from './media-waiters.ts';
import type { SharedCounters } from './shared-counters.ts';
import type { StreamSlots } from './stream-slots.ts';
import type { UploadTickets } from './upload-tickets.ts';

/** The dependencies of every route, created once in compose.ts. */
export interface HttpContext {
  config: Config;
  database: Database;
  storage: Storage;
  /** Signs URLs for clients. */
  signer: DownloadSigner;
  /** Origins of the URLs that `signer` signs. */
  downloadOrigins: string[];
  settings: DomainConfig;
  /** Limits the proxied downloads of each user. */
  streamSlots: StreamSlots;
  verifyToken: TokenVerifier;
  refusals: RefusalLog;
  /** Undefined without TOKEN_SECRETS, because there is no key to sign tickets. */
  tickets: UploadTickets | undefined;
  /** Undefined like `tickets`. */
  passes: MediaPasses | undefined;
  directUploads: DirectUploads;
  waiters: MediaWaiters;
  /** Counts of users' requests in this minute, in all processes. */
  counters: SharedCounters;
  metrics: Metrics;
  failpoint: Failpoint;
  tracing: Tracing;
  logger: Logger;
}

declare global {
  namespace Express {
    interface Locals {
      /** Set by `authenticate`. */
      identity?: Identity;
      /** Set by `authenticateViewer`. */
      viewer?: Viewer;
    }
  }
}
