import { subjectsOf } from '@claimcheck/contracts/subjects';
import type { Config } from './config.ts';
import type { DomainConfig } from './media/record/domain-config.ts';

/** Returns the part of the configuration that the lifecycle needs, for the api and the operator's CLI. */
export const toDomainConfig = (config: Config): DomainConfig => ({
  subjects: subjectsOf(config.appName, config.subjectOverrides),
  publicUrl: config.publicUrl,
  bucket: config.storage.bucket,
  facts: config.facts,
  scanPolicy: config.scanPolicy,
  scanUnscannable: config.scanUnscannable,
  sourceAccess: config.sourceAccess,
  readyDeadlineMs: config.readyDeadlineMs,
  readyDeadlineMaxMs: config.readyDeadlineMaxMs,
  maxAttempts: config.maxAttempts,
  uploadTtlMs: config.uploadTtlMs,
  userQuotaBytes: config.userQuotaBytes,
  maxOpenUploads: config.maxOpenUploads,
  maxUploadsPerDay: config.maxUploadsPerDay,
  orphanTtlMs: config.orphanTtlMs,
  orphanGraceMs: config.orphanGraceMs,
  sweepAgainMs: config.sweepAgainMs,
});
