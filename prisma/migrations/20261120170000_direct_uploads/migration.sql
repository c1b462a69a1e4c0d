-- AlterTable
ALTER TABLE "media_object" ADD COLUMN     "is_sha256_verified" BOOLEAN NOT NULL DEFAULT false;

-- What the sweeper asks the storage about, without the history of finished uploads.
CREATE INDEX "upload_session_direct" ON "upload_session" ("updated_at")
  WHERE "protocol" <> 'tus' AND "phase" = 'open';
