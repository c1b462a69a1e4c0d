-- The count that all sweepers share: one page at a time, by whichever process comes first.
CREATE TABLE "stored_bytes_count" (
    "count_id" INTEGER NOT NULL DEFAULT 1,
    "counted_after" UUID NOT NULL,
    "counted_bytes" BIGINT NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3),
    "derivative_bytes" BIGINT,
    "finished_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "stored_bytes_count_pkey" PRIMARY KEY ("count_id")
);
INSERT INTO "stored_bytes_count" ("counted_after", "next_at") VALUES ('00000000-0000-0000-0000-000000000000', 'epoch');
