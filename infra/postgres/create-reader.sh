#!/bin/sh
# Run once by the image of Postgres, when its data directory is empty: the gateway's role, which reads only.
set -eu
psql --set=ON_ERROR_STOP=1 --set=reader_password="$READER_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE claimcheck_reader LOGIN PASSWORD :'reader_password';
ALTER ROLE claimcheck_reader SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA public TO claimcheck_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO claimcheck_reader;
SQL
