-- Each takes the place of others, which the next migration drops.
CREATE INDEX CONCURRENTLY "media_object_sha256_owner_user_id_idx" ON "media_object" ("sha256", "owner_user_id");
-- A text refers to nothing and needs no entry.
CREATE INDEX CONCURRENTLY "message_media_object" ON "message" ("media_object_id") WHERE "media_object_id" IS NOT NULL;
