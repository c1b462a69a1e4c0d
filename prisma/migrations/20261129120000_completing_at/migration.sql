-- When a Complete was first asked for: until long after, "not there" is no verdict.
ALTER TABLE "upload_session" ADD COLUMN "completing_at" TIMESTAMPTZ(3);
