-- Room on each page for the next version of a row, so that a change need not touch every index.
ALTER TABLE "media_object" SET (fillfactor = 80);
ALTER TABLE "upload_session" SET (fillfactor = 80);
ALTER TABLE "conversation" SET (fillfactor = 80);
ALTER TABLE "user_usage" SET (fillfactor = 60);
ALTER TABLE "process_heartbeat" SET (fillfactor = 40);

-- contract: the index is not unique, and a partial one serves the queries of old processes too.
-- What is looked for by phase is in the partial index "upload_session_due".
DROP INDEX "upload_session_phase_expires_at_idx";
