-- CreateTable
CREATE TABLE "reconciliation" (
    "reconciliation_id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3) NOT NULL,
    "is_applied" BOOLEAN NOT NULL,
    "objects" BIGINT NOT NULL,
    "orphan_objects" BIGINT NOT NULL,
    "orphan_bytes" BIGINT NOT NULL,
    "young_objects" BIGINT NOT NULL,
    "deleted_objects" BIGINT NOT NULL,
    "foreign_objects" BIGINT NOT NULL,
    "missing_objects" BIGINT NOT NULL,
    "missing_referenced" BIGINT NOT NULL,

    CONSTRAINT "reconciliation_pkey" PRIMARY KEY ("reconciliation_id")
);

-- CreateIndex
CREATE INDEX "reconciliation_finished_at_idx" ON "reconciliation"("finished_at");
