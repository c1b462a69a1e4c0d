-- contract: none of these indexes is unique, and each query of old processes finds another one. By sha256 and by owner and
-- sha256: "media_object_sha256_owner_user_id_idx". By conversation: "media_reference_gallery", which starts with it.
-- By media object: "message_media_object".
DROP INDEX "media_object_sha256_idx";
DROP INDEX "media_object_owner_user_id_sha256_idx";
DROP INDEX "media_reference_conversation_id_idx";
DROP INDEX "message_media_object_id_idx";
