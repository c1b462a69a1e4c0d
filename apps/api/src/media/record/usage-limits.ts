export interface UsageLimits {
  /** Bytes of all of a user's live media objects and open uploads; undefined: no limit. */
  userQuotaBytes: number | undefined;
  /** Uploads that a user may have started and not finished. */
  maxOpenUploads: number;
  /** Uploads that a user may start in a day (UTC); undefined: no limit. */
  maxUploadsPerDay: number | undefined;
}
