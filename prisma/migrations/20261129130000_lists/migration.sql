-- What a conversation's gallery and a user's media are read by, newest first.
-- CreateIndex
CREATE INDEX "media_object_owner_user_id_media_object_id_idx" ON "media_object"("owner_user_id", "media_object_id");

-- CreateIndex
CREATE INDEX "media_reference_gallery" ON "media_reference"("conversation_id", "created_at", "media_object_id", "ref_id");
