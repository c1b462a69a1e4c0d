-- CreateEnum
CREATE TYPE "media_state" AS ENUM ('pending', 'uploading', 'processing', 'ready', 'degraded', 'failed', 'expiring', 'blocked', 'expired', 'deleted');

-- CreateEnum
CREATE TYPE "media_kind" AS ENUM ('image', 'video', 'audio', 'document', 'other');

-- CreateEnum
CREATE TYPE "upload_state" AS ENUM ('pending', 'uploading', 'uploaded', 'failed', 'expired');

-- CreateEnum
CREATE TYPE "thumbnail_state" AS ENUM ('none', 'pending', 'ready', 'failed');

-- CreateEnum
CREATE TYPE "scan_state" AS ENUM ('pending', 'clean', 'infected', 'unscannable', 'skipped');

-- CreateEnum
CREATE TYPE "transcode_state" AS ENUM ('none', 'pending', 'running', 'ready', 'failed');

-- CreateEnum
CREATE TYPE "quality" AS ENUM ('high', 'medium', 'low', 'original', 'thumbnail');

-- CreateEnum
CREATE TYPE "format" AS ENUM ('webp', 'mp4', 'jpg', 'm3u8');

-- CreateEnum
CREATE TYPE "upload_protocol" AS ENUM ('tus', 'put', 'multipart');

-- CreateEnum
CREATE TYPE "upload_phase" AS ENUM ('open', 'completing', 'complete', 'aborted', 'expired');

-- CreateEnum
CREATE TYPE "upload_part_kind" AS ENUM ('part', 'tail');

-- CreateEnum
CREATE TYPE "message_type" AS ENUM ('text', 'image', 'video', 'audio', 'file');

-- CreateEnum
CREATE TYPE "event_type" AS ENUM ('message.created', 'message.deleted', 'media.updated', 'member.added', 'member.removed');

-- CreateTable
CREATE TABLE "media_object" (
    "media_object_id" UUID NOT NULL,
    "rev" INTEGER NOT NULL DEFAULT 1,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "state" "media_state" NOT NULL DEFAULT 'pending',
    "kind" "media_kind" NOT NULL DEFAULT 'other',
    "owner_user_id" TEXT NOT NULL,
    "conversation_id" TEXT,
    "filename" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL DEFAULT 0,
    "sha256" CHAR(64),
    "width" INTEGER,
    "height" INTEGER,
    "duration_ms" INTEGER,
    "thumbhash" TEXT,
    "alt" TEXT,
    "upload_state" "upload_state" NOT NULL DEFAULT 'pending',
    "thumbnail_state" "thumbnail_state" NOT NULL DEFAULT 'none',
    "scan_state" "scan_state" NOT NULL DEFAULT 'pending',
    "transcode_state" "transcode_state" NOT NULL DEFAULT 'none',
    "applied_epoch" INTEGER NOT NULL DEFAULT 0,
    "object_storage_key" TEXT NOT NULL,
    "s3_bucket" TEXT NOT NULL,
    "original_url" TEXT,
    "virus_name" TEXT,
    "failure_code" TEXT,
    "failure_message" TEXT,
    "ready_by" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "media_object_pkey" PRIMARY KEY ("media_object_id")
);

-- CreateTable
CREATE TABLE "media_alias" (
    "owner_user_id" TEXT NOT NULL,
    "client_media_id" TEXT NOT NULL,
    "media_object_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "media_alias_pkey" PRIMARY KEY ("owner_user_id","client_media_id")
);

-- CreateTable
CREATE TABLE "derivative" (
    "media_object_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "quality" "quality" NOT NULL,
    "format" "format" NOT NULL,
    "s3_bucket" TEXT NOT NULL,
    "object_storage_key" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "width" INTEGER,
    "height" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "derivative_pkey" PRIMARY KEY ("media_object_id","epoch","quality")
);

-- CreateTable
CREATE TABLE "applied_result" (
    "media_object_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "stage" TEXT NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "applied_result_pkey" PRIMARY KEY ("media_object_id","epoch","stage")
);

-- CreateTable
CREATE TABLE "upload_session" (
    "upload_id" UUID NOT NULL,
    "media_object_id" UUID,
    "owner_user_id" TEXT NOT NULL,
    "protocol" "upload_protocol" NOT NULL,
    "phase" "upload_phase" NOT NULL DEFAULT 'open',
    "is_partial" BOOLEAN NOT NULL DEFAULT false,
    "length" BIGINT,
    "offset" BIGINT NOT NULL DEFAULT 0,
    "part_size" BIGINT,
    "s3_bucket" TEXT NOT NULL,
    "object_storage_key" TEXT NOT NULL,
    "s3_upload_id" TEXT,
    "lease_owner" TEXT,
    "lease_epoch" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "upload_session_pkey" PRIMARY KEY ("upload_id")
);

-- CreateTable
CREATE TABLE "upload_part" (
    "upload_id" UUID NOT NULL,
    "kind" "upload_part_kind" NOT NULL,
    "number" INTEGER NOT NULL,
    "etag" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "checksum" TEXT,
    "object_storage_key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "upload_part_pkey" PRIMARY KEY ("upload_id","kind","number")
);

-- CreateTable
CREATE TABLE "conversation" (
    "conversation_id" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "last_seq" BIGINT NOT NULL DEFAULT 0,
    "pruned_seq" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_pkey" PRIMARY KEY ("conversation_id")
);

-- CreateTable
CREATE TABLE "conversation_member" (
    "conversation_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_member_pkey" PRIMARY KEY ("conversation_id","user_id")
);

-- CreateTable
CREATE TABLE "message" (
    "message_id" UUID NOT NULL,
    "conversation_id" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "sender_user_id" TEXT NOT NULL,
    "client_message_id" TEXT NOT NULL,
    "message_type" "message_type" NOT NULL,
    "body" TEXT,
    "media_object_id" UUID,
    "filename" TEXT,
    "alt" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_pkey" PRIMARY KEY ("message_id")
);

-- CreateTable
CREATE TABLE "media_reference" (
    "media_object_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "ref_id" TEXT NOT NULL,
    "conversation_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "media_reference_pkey" PRIMARY KEY ("media_object_id","kind","ref_id")
);

-- CreateTable
CREATE TABLE "conversation_event" (
    "conversation_id" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "type" "event_type" NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_event_pkey" PRIMARY KEY ("conversation_id","seq")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "headers" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "claimed_until" TIMESTAMPTZ(3),
    "claim" UUID,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "media_object_state_ready_by_idx" ON "media_object"("state", "ready_by");

-- CreateIndex
CREATE INDEX "media_object_expires_at_idx" ON "media_object"("expires_at");

-- CreateIndex
CREATE INDEX "media_object_owner_user_id_sha256_idx" ON "media_object"("owner_user_id", "sha256");

-- CreateIndex
CREATE INDEX "media_alias_media_object_id_idx" ON "media_alias"("media_object_id");

-- CreateIndex
CREATE INDEX "upload_session_phase_expires_at_idx" ON "upload_session"("phase", "expires_at");

-- CreateIndex
CREATE INDEX "upload_session_media_object_id_idx" ON "upload_session"("media_object_id");

-- CreateIndex
CREATE INDEX "conversation_member_user_id_idx" ON "conversation_member"("user_id");

-- CreateIndex
CREATE INDEX "message_media_object_id_idx" ON "message"("media_object_id");

-- CreateIndex
CREATE UNIQUE INDEX "message_conversation_id_seq_key" ON "message"("conversation_id", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "message_sender_user_id_conversation_id_client_message_id_key" ON "message"("sender_user_id", "conversation_id", "client_message_id");

-- CreateIndex
CREATE INDEX "media_reference_media_object_id_conversation_id_idx" ON "media_reference"("media_object_id", "conversation_id");

-- CreateIndex
CREATE INDEX "media_reference_conversation_id_idx" ON "media_reference"("conversation_id");

-- CreateIndex
CREATE INDEX "conversation_event_created_at_idx" ON "conversation_event"("created_at");

-- AddForeignKey
ALTER TABLE "media_alias" ADD CONSTRAINT "media_alias_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "derivative" ADD CONSTRAINT "derivative_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "applied_result" ADD CONSTRAINT "applied_result_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upload_session" ADD CONSTRAINT "upload_session_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upload_part" ADD CONSTRAINT "upload_part_upload_id_fkey" FOREIGN KEY ("upload_id") REFERENCES "upload_session"("upload_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_member" ADD CONSTRAINT "conversation_member_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversation"("conversation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversation"("conversation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "media_reference" ADD CONSTRAINT "media_reference_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "media_reference" ADD CONSTRAINT "media_reference_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversation"("conversation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_event" ADD CONSTRAINT "conversation_event_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversation"("conversation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The relay looks for unpublished rows, the pruning for old published ones.
CREATE INDEX "outbox_unpublished" ON "outbox" ("created_at") WHERE "published_at" IS NULL;
CREATE INDEX "outbox_published" ON "outbox" ("published_at") WHERE "published_at" IS NOT NULL;

-- What no code path may get wrong.
ALTER TABLE "media_object" ADD CONSTRAINT "media_object_size" CHECK ("size_bytes" >= 0);
ALTER TABLE "media_object" ADD CONSTRAINT "media_object_key"
  CHECK ("object_storage_key" = "media_object_id"::text || '/source');
ALTER TABLE "derivative" ADD CONSTRAINT "derivative_key"
  CHECK ("object_storage_key" LIKE "media_object_id"::text || '/_%' AND "object_storage_key" <> "media_object_id"::text || '/source');
ALTER TABLE "upload_session" ADD CONSTRAINT "upload_session_offset"
  CHECK ("offset" >= 0 AND ("length" IS NULL OR "offset" <= "length"));

-- Tombstones win: a bug, an old release or a hand on psql can't bring a media object back.
CREATE FUNCTION "refuse_to_leave_tombstone"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."state" IN ('blocked', 'expired', 'deleted') AND NEW."state" <> OLD."state" THEN
    RAISE EXCEPTION 'media object % is %, which is never left', OLD."media_object_id", OLD."state"
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "media_object_tombstone" BEFORE UPDATE OF "state" ON "media_object"
  FOR EACH ROW EXECUTE FUNCTION "refuse_to_leave_tombstone"();
