-- The one place that knows the rule of quotas: adds to what a user takes, or says which limit is in the way and
-- adds nothing. The user's row stays locked until the transaction ends.
--
-- bytes_added, open_added: may be negative; what is released is never refused
-- started: uploads that count for the day
-- max_*: as configured; an operator's user_limit goes before them; max_open null: nothing is refused
CREATE FUNCTION charge_usage(
  owner text, bytes_added bigint, open_added int, started int, today date,
  max_bytes bigint, max_open int, max_started int
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  kept record;
BEGIN
  LOOP
    SELECT bytes + bytes_added AS bytes, open_uploads + open_added AS open_uploads,
        started + CASE WHEN day = today THEN uploads_today ELSE 0 END AS uploads_today,
        coalesce(quota_bytes, max_bytes) AS most_bytes,
        coalesce(max_open_uploads, max_open) AS most_open,
        coalesce(max_uploads_per_day, max_started) AS most_started
      INTO kept FROM user_usage LEFT JOIN user_limit USING (owner_user_id)
      WHERE user_usage.owner_user_id = owner FOR UPDATE OF user_usage;
    EXIT WHEN FOUND;
    INSERT INTO user_usage (owner_user_id) VALUES (owner) ON CONFLICT DO NOTHING;
  END LOOP;
  IF max_open IS NOT NULL THEN
    IF bytes_added > 0 AND kept.bytes > kept.most_bytes THEN
      RETURN 'quota_bytes';
    ELSIF open_added > 0 AND kept.open_uploads > kept.most_open THEN
      RETURN 'max_open_uploads';
    ELSIF started > 0 AND kept.uploads_today > kept.most_started THEN
      RETURN 'max_uploads_per_day';
    END IF;
  END IF;
  UPDATE user_usage SET bytes = kept.bytes, open_uploads = kept.open_uploads,
      day = CASE WHEN started > 0 THEN today ELSE day END,
      uploads_today = CASE WHEN started > 0 THEN kept.uploads_today ELSE uploads_today END
    WHERE owner_user_id = owner;
  RETURN NULL;
END $$;
