-- The sweeper pages by what makes a row due, so that a backlog never turns the plan into a scan of the table.
-- Partial: a row without a deadline is in none of them, and most state changes touch no index.
CREATE INDEX "media_object_due_orphans" ON "media_object" ("expires_at", "media_object_id")
  WHERE "expires_at" IS NOT NULL;
CREATE INDEX "media_object_due_placeholders" ON "media_object" ("ready_by", "media_object_id")
  WHERE "ready_by" IS NOT NULL;
CREATE INDEX "media_object_blocked" ON "media_object" ("media_object_id") WHERE "state" = 'blocked';
-- contract: neither index is unique, and the partial ones above serve the queries of old processes too.
DROP INDEX "media_object_expires_at_idx";
DROP INDEX "media_object_state_ready_by_idx";
