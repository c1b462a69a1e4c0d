-- AlterTable
ALTER TABLE "media_object" ADD COLUMN     "former_state" "media_state",
ADD COLUMN     "settle_by" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "stream_seq" BIGINT;

-- CreateTable
CREATE TABLE "fanout" (
    "media_object_id" UUID NOT NULL,
    "rev" INTEGER NOT NULL,
    "cursor" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "fanout_pkey" PRIMARY KEY ("media_object_id")
);

-- CreateTable
CREATE TABLE "prefix_sweep" (
    "prefix" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "claimed_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "prefix_sweep_pkey" PRIMARY KEY ("prefix","due_at")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "user_id" TEXT NOT NULL,
    "route" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" CHAR(64) NOT NULL,
    "status" INTEGER,
    "body" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("user_id","route","key")
);

-- CreateIndex
CREATE INDEX "fanout_created_at_idx" ON "fanout"("created_at");

-- CreateIndex
CREATE INDEX "prefix_sweep_due_at_idx" ON "prefix_sweep"("due_at");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- AddForeignKey
ALTER TABLE "fanout" ADD CONSTRAINT "fanout_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The latest request of a media object's epoch. An index on the payload, so that whoever enqueues a request
-- can't forget to name it.
CREATE INDEX "outbox_request" ON "outbox" (("payload"->>'mediaId'), "created_at") WHERE "payload"->>'mediaId' IS NOT NULL;

-- A prefix that must never be swept: everything, or a folder of nobody.
ALTER TABLE "prefix_sweep" ADD CONSTRAINT "prefix_sweep_prefix"
  CHECK ("prefix" ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/(e[0-9]+/)?$');

-- Whoever lets a media object expire says what it comes back as.
ALTER TABLE "media_object" ADD CONSTRAINT "media_object_former_state"
  CHECK ("state" <> 'expiring' OR ("former_state" IS NOT NULL AND "former_state" IN ('ready', 'degraded', 'failed')));
