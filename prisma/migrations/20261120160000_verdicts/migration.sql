-- CreateTable
CREATE TABLE "verdict" (
    "sha256" CHAR(64) NOT NULL,
    "scanner" TEXT NOT NULL,
    "code" "scan_state" NOT NULL,
    "virus_name" TEXT,
    "judged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "verdict_pkey" PRIMARY KEY ("sha256","scanner")
);

-- CreateIndex
CREATE INDEX "verdict_sha256_judged_at_idx" ON "verdict"("sha256", "judged_at");

-- CreateIndex
CREATE INDEX "media_object_sha256_idx" ON "media_object"("sha256");
