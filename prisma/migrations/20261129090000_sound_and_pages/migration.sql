-- Sound that every browser plays, the outline of its loudness, and the pages of a document.
ALTER TYPE "format" ADD VALUE IF NOT EXISTS 'm4a';
ALTER TABLE "media_object"
  ADD COLUMN "waveform" SMALLINT[] DEFAULT ARRAY[]::SMALLINT[],
  ADD COLUMN "page_count" INTEGER;
