-- contract: neither index is unique, and each query of old processes finds another one. By sha256:
-- "media_object_known_sha256", since no query looks for an unknown hash. Verdicts by sha256: the primary key, which starts
-- with it and has few entries for each.
DROP INDEX "media_object_sha256_owner_user_id_idx";
DROP INDEX "verdict_sha256_judged_at_idx";
