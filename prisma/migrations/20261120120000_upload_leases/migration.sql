-- AlterTable
ALTER TABLE "upload_session" DROP COLUMN "lease_until",
ADD COLUMN     "metadata" TEXT,
ADD COLUMN     "concat" TEXT,
DROP COLUMN "lease_owner",
ADD COLUMN     "lease_owner" UUID;

-- CreateTable
CREATE TABLE "process_heartbeat" (
    "process_id" UUID NOT NULL,
    "beat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "process_heartbeat_pkey" PRIMARY KEY ("process_id")
);

-- AlterTable
ALTER TABLE "upload_part" DROP COLUMN "checksum";
