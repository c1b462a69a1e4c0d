#!/bin/sh
# Writes random secrets for compose.demo.yaml, once: a file for each service, in the folder $1.
set -eu
umask 022
cd "$1"
[ -e complete ] && exit 0

# Begins with a letter: the broker's configuration reads a leading digit as a number.
random() { printf s; od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }

postgres=$(random) reader=$(random) storage_key=$(random) token=$(random) ticket=$(random)
nats_api=$(random) nats_worker=$(random) nats_gateway=$(random) nats_storage=$(random)

cat > postgres.env <<EOF
POSTGRES_PASSWORD=$postgres
READER_PASSWORD=$reader
EOF
cat > nats.env <<EOF
NATS_API_PASSWORD=$nats_api
NATS_WORKER_PASSWORD=$nats_worker
NATS_GATEWAY_PASSWORD=$nats_gateway
NATS_STORAGE_PASSWORD=$nats_storage
EOF
cat > s3.env <<EOF
ROOT_SECRET_KEY=$storage_key
VGW_EVENT_NATS_URL=nats://storage:$nats_storage@nats:4222
EOF
cat > api.env <<EOF
DATABASE_URL=postgres://claimcheck:$postgres@postgres:5432/claimcheck
NATS_URL=nats://api:$nats_api@nats:4222
S3_SECRET_ACCESS_KEY=$storage_key
AUTH_JWT_SECRET=$token
TOKEN_SECRETS=first:$ticket
EOF
cat > worker.env <<EOF
NATS_URL=nats://worker:$nats_worker@nats:4222
S3_SECRET_ACCESS_KEY=$storage_key
EOF
cat > gateway.env <<EOF
DATABASE_URL=postgres://claimcheck_reader:$reader@postgres:5432/claimcheck
NATS_URL=nats://gateway:$nats_gateway@nats:4222
AUTH_JWT_SECRET=$token
EOF
: > complete
