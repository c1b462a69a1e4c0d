-- A tombstone is looked at again only after another retention while a message still shows it.
ALTER TABLE "media_object" ADD COLUMN "kept_at" TIMESTAMPTZ(3);

-- Rows of these come and go, or are changed with every message. By default Postgres cleans a table up once a fifth
-- of it is dead, which is millions of rows of a large log; a small share keeps its size, and each run, even.
ALTER TABLE "conversation_event" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE "applied_result" SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE "conversation" SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE "media_object" SET (autovacuum_vacuum_scale_factor = 0.02);
-- Nearly every row is dead within a minute.
ALTER TABLE "outbox" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
