-- CreateTable
CREATE TABLE "takedown" (
    "media_object_id" UUID NOT NULL,
    "taken_down_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "taken_down_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "takedown_pkey" PRIMARY KEY ("media_object_id")
);
