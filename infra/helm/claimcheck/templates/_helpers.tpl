{{- define "claimcheck.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{/* Labels of every pod of the release. Takes: root. */}}
{{- define "claimcheck.instance" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "claimcheck.selector" -}}
{{ include "claimcheck.instance" . }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "claimcheck.labels" -}}
{{ include "claimcheck.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* Takes: root, image (a value: repository, tag, digest). */}}
{{- define "claimcheck.image" -}}
{{- if .image.digest -}}{{ .image.repository }}@{{ .image.digest }}
{{- else -}}{{ .image.repository }}:{{ default .root.Chart.AppVersion .image.tag }}{{- end -}}
{{- end -}}

{{/* Takes: root, account (a component's name; all workers share one), part (its values). */}}
{{- define "claimcheck.serviceAccountName" -}}
{{- $all := .root.Values.serviceAccount -}}
{{- $own := default dict .part.serviceAccount -}}
{{- $fallback := ternary (printf "%s-%s" (include "claimcheck.fullname" .root) .account) "default" $all.create -}}
{{- /* A hook runs before the account that all components share is created. */}}
{{- $isEarly := and $all.create (eq .account "migrations") (eq .root.Values.migrations.mode "hook") -}}
{{- $own.name | default (ternary "" $all.name $isEarly) | default $fallback -}}
{{- end -}}

{{/* Seconds of a duration such as 24h. */}}
{{- define "claimcheck.seconds" -}}
{{- $units := dict "ms" 0.001 "s" 1 "m" 60 "h" 3600 "d" 86400 -}}
{{- $number := regexFind "^[0-9]+" . -}}
{{- mulf $number (get $units (trimPrefix $number .)) | int64 -}}
{{- end -}}

{{/* Bytes of a quantity such as 10Gi; values.schema.json lists the units. */}}
{{- define "claimcheck.bytes" -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $number := regexFind "^[0-9.]+" . -}}
{{- mulf $number (get $units (trimPrefix $number .)) | int64 -}}
{{- end -}}

{{/* A worker with the defaults that it does not replace. Takes: root, worker. */}}
{{- define "claimcheck.worker" -}}
{{- $defaults := deepCopy .root.Values.workerDefaults -}}
{{- $merged := mergeOverwrite (deepCopy $defaults) (deepCopy .worker) -}}
{{- range $key := list "extraEnv" "extraEnvFrom" "extraVolumes" "extraVolumeMounts" "initContainers" "sidecars" "tolerations" -}}
{{- $_ := set $merged $key (concat (default list (get $defaults $key)) (default list (get $.worker $key))) -}}
{{- end -}}
{{- toYaml $merged -}}
{{- end -}}
