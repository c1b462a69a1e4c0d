-- AlterTable
ALTER TABLE "upload_session" ADD COLUMN     "charged_bytes" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "is_counted_open" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "user_usage" (
    "owner_user_id" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "open_uploads" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "user_usage_pkey" PRIMARY KEY ("owner_user_id")
);

-- What the expirer looks for, without the ever longer history of finished uploads.
CREATE INDEX "upload_session_due" ON "upload_session" ("expires_at")
  WHERE "phase" IN ('open', 'completing', 'aborted') OR ("phase" = 'complete' AND "is_partial");

-- What is there already counts too.
UPDATE "upload_session" SET
  "charged_bytes" = COALESCE("length", 0),
  "is_counted_open" = "phase" IN ('open', 'completing')
WHERE "phase" IN ('open', 'completing', 'complete')
  AND NOT EXISTS (SELECT 1 FROM "media_object" WHERE "media_object"."media_object_id" = "upload_session"."media_object_id"
    AND "state" IN ('blocked', 'expired', 'deleted'));
INSERT INTO "user_usage" ("owner_user_id", "bytes", "open_uploads")
SELECT "owner_user_id", sum("charged_bytes"), count(*) FILTER (WHERE "is_counted_open")
FROM "upload_session" GROUP BY "owner_user_id";
