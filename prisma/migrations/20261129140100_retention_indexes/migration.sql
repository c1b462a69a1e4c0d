-- By these the sweeper finds what is no longer kept.
CREATE INDEX CONCURRENTLY "applied_result_applied_at_idx" ON "applied_result" ("applied_at");
CREATE INDEX CONCURRENTLY "message_tombstone_deleted_at_idx" ON "message_tombstone" ("deleted_at");
CREATE INDEX CONCURRENTLY "upload_session_ended_partial" ON "upload_session" ("updated_at")
  WHERE "media_object_id" IS NULL AND "phase" IN ('aborted', 'expired');
CREATE INDEX CONCURRENTLY "media_object_tombstone" ON "media_object" ((coalesce("kept_at", "updated_at")))
  WHERE "state" IN ('deleted', 'expired');
