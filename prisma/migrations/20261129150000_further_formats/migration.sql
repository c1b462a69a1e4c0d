-- Formats of one quality next to the one that is served. They are not rows with the format in the primary key: processes
-- of the previous release write ON CONFLICT (media_object_id, epoch, quality), and need that key as it is.
ALTER TABLE "derivative" ADD COLUMN "further_formats" JSONB NOT NULL DEFAULT '[]';
