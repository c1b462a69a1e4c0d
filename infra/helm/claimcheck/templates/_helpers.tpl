{{- define "claimcheck.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "claimcheck.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "claimcheck.labels" -}}
{{ include "claimcheck.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "claimcheck.image" -}}
{{- if .Values.image.digest -}}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{- end -}}
{{- end -}}

{{- define "claimcheck.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}{{ default (include "claimcheck.fullname" .) .Values.serviceAccount.name }}
{{- else -}}{{ default "default" .Values.serviceAccount.name }}{{- end -}}
{{- end -}}

{{/* A variable from a Secret of the user's. */}}
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
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "claimcheck.env.database" -}}
{{ include "claimcheck.secretEnv" (dict "name" "DATABASE_URL" "secret" (required "database.existingSecret is required" .root.Values.database.existingSecret) "key" .key) }}
{{- end -}}

{{- define "claimcheck.env.storage" -}}
{{- $s3 := .root.Values.s3 -}}
- { name: S3_ENDPOINT, value: {{ required "s3.endpoint is required" $s3.endpoint | quote }} }
{{- with $s3.publicEndpoint }}
- { name: S3_PUBLIC_ENDPOINT, value: {{ . | quote }} }
{{- end }}
- { name: S3_REGION, value: {{ $s3.region | quote }} }
- { name: S3_BUCKET, value: {{ required "s3.bucket is required" $s3.bucket | quote }} }
- { name: S3_FORCE_PATH_STYLE, value: {{ $s3.forcePathStyle | quote }} }
{{ include "claimcheck.secretEnv" (dict "name" "S3_ACCESS_KEY_ID" "secret" .secret "key" $s3.accessKeyIdKey) }}
{{ include "claimcheck.secretEnv" (dict "name" "S3_SECRET_ACCESS_KEY" "secret" .secret "key" $s3.secretAccessKeyKey) }}
{{- end -}}

{{- define "claimcheck.env.tokens" -}}
- { name: PUBLIC_URL, value: {{ required "publicUrl is required" .Values.publicUrl | quote }} }
- { name: GATEWAY_PUBLIC_URL, value: {{ required "gatewayPublicUrl is required" .Values.gatewayPublicUrl | quote }} }
{{- with .Values.corsOrigins }}
- { name: CORS_ORIGINS, value: {{ join "," . | quote }} }
{{- end }}
{{- if and .Values.auth.jwksUrl .Values.auth.existingSecret }}
{{- fail "set either auth.jwksUrl or auth.existingSecret, not both" }}
{{- else if .Values.auth.jwksUrl }}
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

{{- define "claimcheck.env.api" -}}
{{- /* Buffers of uploads die young: see docs/decisions/0003-upload-store.md. */}}
- { name: NODE_OPTIONS, value: "--max-semi-space-size=8" }
- { name: ROLES, value: {{ .roles | quote }} }
- { name: SCAN_POLICY, value: {{ .root.Values.scan.policy | quote }} }
- { name: SCAN_UNSCANNABLE, value: {{ .root.Values.scan.unscannable | quote }} }
{{ include "claimcheck.env.database" (dict "root" .root "key" .root.Values.database.urlKey) }}
{{ include "claimcheck.secretEnv" (dict "name" "NATS_URL" "secret" (required "nats.existingSecret is required" .root.Values.nats.existingSecret) "key" .root.Values.nats.apiUrlKey) }}
{{- with .root.Values.tickets.existingSecret }}
{{ include "claimcheck.secretEnv" (dict "name" "TOKEN_SECRETS" "secret" . "key" $.root.Values.tickets.secretsKey) }}
{{- end }}
{{ include "claimcheck.env.tokens" .root }}
{{ include "claimcheck.env.storage" (dict "root" .root "secret" (required "s3.existingSecret is required" .root.Values.s3.existingSecret)) }}
{{ include "claimcheck.env.common" .root }}
{{- end -}}

{{- define "claimcheck.env.gateway" -}}
{{- /* Idle connections are what it has most of: see docs/decisions/0006-gateway.md. */}}
- { name: NODE_OPTIONS, value: "--max-semi-space-size=4" }
- { name: TRUSTED_PROXY_HOPS, value: {{ .Values.gateway.trustedProxyHops | quote }} }
{{ include "claimcheck.env.database" (dict "root" . "key" .Values.database.readerUrlKey) }}
{{ include "claimcheck.secretEnv" (dict "name" "NATS_URL" "secret" (required "nats.existingSecret is required" .Values.nats.existingSecret) "key" .Values.nats.gatewayUrlKey) }}
{{ include "claimcheck.env.tokens" . }}
{{ include "claimcheck.env.common" . }}
{{- end -}}

{{/* Bytes of a quantity such as 10Gi; values.schema.json says which there are. */}}
{{- define "claimcheck.bytes" -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $number := regexFind "^[0-9.]+" . -}}
{{- mulf $number (get $units (trimPrefix $number .)) | int64 -}}
{{- end -}}

{{- define "claimcheck.env.worker" -}}
- { name: LANES, value: {{ join "," .worker.lanes | quote }} }
{{- range .worker.lanes }}
- { name: {{ upper . }}_CONCURRENCY, value: {{ $.worker.concurrency | default 1 | quote }} }
{{- end }}
- { name: TEMP_DIR, value: /jobs }
{{- /* What the file system says is free is the node's: a pod that passes its own limit is evicted. */}}
{{- if not (hasKey .root.Values.settings "JOB_DISK_BYTES") }}
- { name: JOB_DISK_BYTES, value: {{ include "claimcheck.bytes" .worker.tempSizeLimit | mulf 0.8 | int64 | quote }} }
{{- end }}
- { name: MALLOC_ARENA_MAX, value: "2" }
- { name: SCAN_POLICY, value: {{ .root.Values.scan.policy | quote }} }
{{- with .root.Values.scan.clamavHost }}
- { name: CLAMAV_HOST, value: {{ . | quote }} }
- { name: CLAMAV_PORT, value: {{ $.root.Values.scan.clamavPort | quote }} }
{{- end }}
{{ include "claimcheck.secretEnv" (dict "name" "NATS_URL" "secret" (required "nats.existingSecret is required" .root.Values.nats.existingSecret) "key" .root.Values.nats.workerUrlKey) }}
{{ include "claimcheck.env.storage" (dict "root" .root "secret" (default .root.Values.s3.existingSecret .root.Values.s3.workerExistingSecret)) }}
{{ include "claimcheck.env.common" .root }}
{{- end -}}

{{/* What every container may: nothing. */}}
{{- define "claimcheck.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "claimcheck.probes" -}}
startupProbe: { httpGet: { path: /healthz, port: admin }, periodSeconds: 2, failureThreshold: 60 }
livenessProbe: { httpGet: { path: /healthz, port: admin }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }
readinessProbe: { httpGet: { path: /readyz, port: admin }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 }
{{- end -}}
