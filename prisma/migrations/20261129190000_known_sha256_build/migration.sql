-- A media object whose hash is not known yet needs no entry, and is updated three times before it is.
CREATE INDEX CONCURRENTLY "media_object_known_sha256" ON "media_object" ("sha256", "owner_user_id")
  WHERE "sha256" IS NOT NULL;
