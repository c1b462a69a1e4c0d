-- What conversations were told of one media object: an erasure and a diagnosis must not read whole logs.
CREATE INDEX "conversation_event_media" ON "conversation_event" (("payload"->'media'->>'media_object_id'))
  WHERE "type" = 'media.updated';

-- An erasure finds the conversations that a user began.
CREATE INDEX "conversation_created_by_idx" ON "conversation"("created_by");
