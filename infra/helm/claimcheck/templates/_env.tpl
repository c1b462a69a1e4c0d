{{/* A variable from a Secret of the operator's. */}}
{{- define "claimcheck.secretEnv" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .key }} } }
{{- end -}}

{{- define "claimcheck.env.common" -}}
- { name: APP_NAME, value: {{ .Values.appName | quote }} }
- { name: LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
{{- range $name, $value := .Values.settings }}
{{- /* A number of a values file is a float: as a string 5368709120 would read 5.36870912e+09. */}}
- { name: {{ $name }}, value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }} }
{{- end }}
{{- end -}}

{{/* Takes: root, key (of a URL), host (of parts), secret. */}}
{{- define "claimcheck.env.database" -}}
{{- $database := .root.Values.database -}}
{{- if $database.host -}}
- { name: PGHOST, value: {{ .host | quote }} }
- { name: PGPORT, value: {{ $database.port | quote }} }
- { name: PGDATABASE, value: {{ $database.name | quote }} }
{{- with $database.sslMode }}
- { name: PGSSLMODE, value: {{ . | quote }} }
{{- end }}
{{ include "claimcheck.secretEnv" (dict "name" "PGUSER" "secret" .secret "key" $database.userKey) }}
{{ include "claimcheck.secretEnv" (dict "name" "PGPASSWORD" "secret" .secret "key" $database.passwordKey) }}
{{- else -}}
{{ include "claimcheck.secretEnv" (dict "name" "DATABASE_URL" "secret" .secret "key" .key) }}
{{- end -}}
{{- end -}}

{{- define "claimcheck.env.owner" -}}
{{- $database := .Values.database -}}
{{ include "claimcheck.env.database" (dict "root" . "key" $database.urlKey "host" $database.host "secret" (required "database.existingSecret is required" $database.existingSecret)) }}
{{- end -}}

{{- define "claimcheck.env.migrations" -}}
{{- $database := .Values.database -}}
{{ include "claimcheck.env.database" (dict "root" . "key" (default $database.urlKey $database.migrationsUrlKey) "host" (default $database.host $database.migrationsHost) "secret" (required "database.existingSecret is required" $database.existingSecret)) }}
{{- end -}}

{{- define "claimcheck.env.reader" -}}
{{- $database := .Values.database -}}
{{- if and $database.host (not $database.readerExistingSecret) }}{{ fail "database.readerExistingSecret is required with database.host" }}{{ end -}}
{{ include "claimcheck.env.database" (dict "root" . "key" $database.readerUrlKey "host" $database.host "secret" (default (required "database.existingSecret is required" $database.existingSecret) $database.readerExistingSecret)) }}
{{- end -}}

{{/* Without a Secret the SDK asks the platform for the identity of the pod. Takes: root, secret (may be empty). */}}
{{- define "claimcheck.env.storage" -}}
{{- $s3 := .root.Values.s3 -}}
- { name: S3_ENDPOINT, value: {{ required "s3.endpoint is required" $s3.endpoint | quote }} }
{{- with $s3.publicEndpoint }}
- { name: S3_PUBLIC_ENDPOINT, value: {{ . | quote }} }
{{- end }}
- { name: S3_REGION, value: {{ $s3.region | quote }} }
- { name: S3_BUCKET, value: {{ required "s3.bucket is required" $s3.bucket | quote }} }
- { name: S3_FORCE_PATH_STYLE, value: {{ $s3.forcePathStyle | quote }} }
{{- with .secret }}
{{ include "claimcheck.secretEnv" (dict "name" "S3_ACCESS_KEY_ID" "secret" . "key" $s3.accessKeyIdKey) }}
{{ include "claimcheck.secretEnv" (dict "name" "S3_SECRET_ACCESS_KEY" "secret" . "key" $s3.secretAccessKeyKey) }}
{{- end }}
{{- end -}}

{{- define "claimcheck.env.broker" -}}
{{ include "claimcheck.secretEnv" (dict "name" "NATS_URL" "secret" (required "nats.existingSecret is required" .root.Values.nats.existingSecret) "key" .key) }}
{{- end -}}

{{- define "claimcheck.env.tokens" -}}
- { name: PUBLIC_URL, value: {{ required "publicUrl is required" .Values.publicUrl | quote }} }
- { name: GATEWAY_PUBLIC_URL, value: {{ required "gatewayPublicUrl is required" .Values.gatewayPublicUrl | quote }} }
{{- with .Values.corsOrigins }}
- { name: CORS_ORIGINS, value: {{ join "," . | quote }} }
{{- end }}
{{- if .Values.auth.jwksUrl }}
- { name: AUTH_JWKS_URL, value: {{ .Values.auth.jwksUrl | quote }} }
{{- else }}
{{ include "claimcheck.secretEnv" (dict "name" "AUTH_JWT_SECRET" "secret" (required "one of auth.jwksUrl and auth.existingSecret is required" .Values.auth.existingSecret) "key" .Values.auth.jwtSecretKey) }}
{{- end }}
{{- with .Values.auth.issuer }}
- { name: AUTH_ISSUER, value: {{ . | quote }} }
{{- end }}
{{- with .Values.auth.audience }}
- { name: AUTH_AUDIENCE, value: {{ . | quote }} }
{{- end }}
{{- end -}}

{{/* Takes: root, roles. */}}
{{- define "claimcheck.env.api" -}}
{{- /* Buffers of uploads die young: see docs/decisions/0003-upload-store.md. */}}
- { name: NODE_OPTIONS, value: "--max-semi-space-size=8" }
- { name: ROLES, value: {{ .roles | quote }} }
- { name: SCAN_POLICY, value: {{ .root.Values.scan.policy | quote }} }
- { name: SCAN_UNSCANNABLE, value: {{ .root.Values.scan.unscannable | quote }} }
{{- if .root.Values.demo }}
- { name: DEV_LOGIN, value: "true" }
- { name: WEB_DIR, value: apps/web/dist }
{{- end }}
{{ include "claimcheck.env.owner" .root }}
{{ include "claimcheck.env.broker" (dict "root" .root "key" .root.Values.nats.apiUrlKey) }}
{{- with .root.Values.tickets.existingSecret }}
{{ include "claimcheck.secretEnv" (dict "name" "TOKEN_SECRETS" "secret" . "key" $.root.Values.tickets.secretsKey) }}
{{- end }}
{{- with .root.Values.webhook.url }}
- { name: WEBHOOK_URL, value: {{ . | quote }} }
{{ include "claimcheck.secretEnv" (dict "name" "WEBHOOK_SECRET" "secret" (required "webhook.existingSecret is required with webhook.url" $.root.Values.webhook.existingSecret) "key" $.root.Values.webhook.secretKey) }}
{{- end }}
{{ include "claimcheck.env.tokens" .root }}
{{ include "claimcheck.env.storage" (dict "root" .root "secret" .root.Values.s3.existingSecret) }}
{{ include "claimcheck.env.common" .root }}
{{- end -}}

{{- define "claimcheck.env.gateway" -}}
{{- /* Most of its memory is idle connections: see docs/decisions/0006-gateway.md. */}}
- { name: NODE_OPTIONS, value: "--max-semi-space-size=4" }
- { name: TRUSTED_PROXY_HOPS, value: {{ .Values.gateway.trustedProxyHops | quote }} }
{{ include "claimcheck.env.reader" . }}
{{ include "claimcheck.env.broker" (dict "root" . "key" .Values.nats.gatewayUrlKey) }}
{{ include "claimcheck.env.tokens" . }}
{{ include "claimcheck.env.common" . }}
{{- end -}}

{{/* Takes: root, worker (merged with its defaults). */}}
{{- define "claimcheck.env.worker" -}}
- { name: LANES, value: {{ join "," .worker.lanes | quote }} }
{{- range .worker.lanes }}
- { name: {{ upper . }}_CONCURRENCY, value: {{ $.worker.concurrency | default 1 | quote }} }
{{- end }}
- { name: TEMP_DIR, value: /jobs }
{{- /* The file system reports what is free on the node; a pod that passes its own limit is evicted. */}}
{{- if not (hasKey .root.Values.settings "SHUTDOWN_GRACE") }}
- { name: SHUTDOWN_GRACE, value: "{{ max 1 (sub (sub (int .worker.terminationGracePeriodSeconds) 10) (int (default 0 .worker.drainSeconds))) }}s" }
{{- end }}
{{- if not (hasKey .root.Values.settings "JOB_DISK_BYTES") }}
- { name: JOB_DISK_BYTES, value: {{ include "claimcheck.bytes" .worker.tempSizeLimit | mulf 0.8 | int64 | quote }} }
{{- end }}
- { name: MALLOC_ARENA_MAX, value: "2" }
- { name: SCAN_POLICY, value: {{ .root.Values.scan.policy | quote }} }
{{- with .root.Values.scan.clamavHost }}
- { name: CLAMAV_HOST, value: {{ . | quote }} }
- { name: CLAMAV_PORT, value: {{ $.root.Values.scan.clamavPort | quote }} }
{{- end }}
{{ include "claimcheck.env.broker" (dict "root" .root "key" .root.Values.nats.workerUrlKey) }}
{{ include "claimcheck.env.storage" (dict "root" .root "secret" (default .root.Values.s3.existingSecret .root.Values.s3.workerExistingSecret)) }}
{{ include "claimcheck.env.common" .root }}
{{- end -}}

{{/* The chart's variables and the operator's, each name once. Takes: root, pod (the pod block), env (rendered). */}}
{{- define "claimcheck.env" -}}
{{- $own := fromYamlArray .env -}}
{{- if .root.Values.trustedCa.existingConfigMap | or .root.Values.trustedCa.existingSecret -}}
{{- $own = append $own (dict "name" "NODE_EXTRA_CA_CERTS" "value" (printf "/etc/claimcheck/ca/%s" .root.Values.trustedCa.key)) -}}
{{- end -}}
{{- $theirs := dict -}}
{{- range .pod.extraEnv }}{{ $_ := set $theirs .name . }}{{ end -}}
{{- $all := list -}}
{{- range $own -}}
{{- if not (hasKey $theirs .name) }}{{ $all = append $all . -}}
{{- else if not (has .name (list "NODE_OPTIONS" "MALLOC_ARENA_MAX")) }}{{ fail (printf "extraEnv sets %s, which the chart sets: change the chart's value for it" .name) }}{{ end -}}
{{- end -}}
{{- range .pod.extraEnv -}}
{{- if and (hasKey $theirs .name) (eq (toJson .) (toJson (get $theirs .name))) }}{{ $all = append $all . }}{{ $_ := unset $theirs .name }}{{ end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}
