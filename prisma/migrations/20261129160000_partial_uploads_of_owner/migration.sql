-- Parts of a concatenation belong to no media object; the erasure of a user looks for theirs.
CREATE INDEX CONCURRENTLY "upload_session_partial_of_owner" ON "upload_session" ("owner_user_id")
  WHERE media_object_id IS NULL;
