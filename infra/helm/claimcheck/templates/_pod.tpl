{{/*
The pod block of a component: the values of all pods, with the component's own. Lists and maps add up; anything else
of the component replaces what all have. Takes: root, part (its values).
*/}}
{{- define "claimcheck.podBlock" -}}
{{- $all := .root.Values -}}
{{- $part := .part -}}
{{- $out := dict -}}
{{- range $key := list "extraEnv" "extraEnvFrom" "extraVolumes" "extraVolumeMounts" "initContainers" "sidecars" "tolerations" "hostAliases" -}}
{{- $_ := set $out $key (concat (default list (get $all $key)) (default list (get $part $key))) -}}
{{- end -}}
{{- range $key := list "podLabels" "podAnnotations" "annotations" "nodeSelector" "probes" -}}
{{- $_ := set $out $key (mergeOverwrite (deepCopy (default dict (get $all $key))) (deepCopy (default dict (get $part $key)))) -}}
{{- end -}}
{{- range $key := list "affinity" "topologySpreadConstraints" "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" "dnsConfig" "podSecurityContext" "containerSecurityContext" "revisionHistoryLimit" "strategy" -}}
{{- $_ := set $out $key (ternary (get $part $key) (get $all $key) (hasKey $part $key)) -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/*
A pod's template. Takes: root, component, account, part (its values), image, command, env (rendered); and optionally
ports, probes (bool), drain (seconds), grace (seconds), temp (a size: the folder of jobs), tempVolume, restartPolicy,
migrate (bool: apply migrations first), hook (bool: runs before the chart's own objects exist).
*/}}
{{- define "claimcheck.podTemplate" -}}
{{- $labels := dict "root" .root "component" .component -}}
{{- $pod := include "claimcheck.podBlock" . | fromYaml -}}
{{- $ca := .root.Values.trustedCa -}}
{{- $hasCa := or $ca.existingConfigMap $ca.existingSecret -}}
{{- range $pod.extraVolumes -}}
{{- if has .name (list "tmp" "jobs" "trusted-ca") }}{{ fail (printf "extraVolumes: the chart has a volume %s already" .name) }}{{ end -}}
{{- end -}}
metadata:
  labels:
    {{- include "claimcheck.labels" $labels | nindent 4 }}
    {{- range $name, $value := $pod.podLabels }}
    {{- if has $name (keys (include "claimcheck.labels" $labels | fromYaml)) }}{{ fail (printf "podLabels: the chart sets %s" $name) }}{{ end }}
    {{ $name }}: {{ $value | quote }}
    {{- end }}
  {{- with $pod.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  serviceAccountName: {{ include "claimcheck.serviceAccountName" . }}
  automountServiceAccountToken: false
  # Otherwise a Service called gateway sets GATEWAY_PORT=tcp://…
  enableServiceLinks: false
  {{- with .grace }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  {{- with $pod.podSecurityContext }}
  securityContext: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- range $key := list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" }}
  {{- with get $pod $key }}
  {{ $key }}: {{ . }}
  {{- end }}
  {{- end }}
  {{- range $key := list "dnsConfig" "hostAliases" "nodeSelector" "tolerations" "affinity" }}
  {{- with get $pod $key }}
  {{ $key }}: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if $pod.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- /* Without a selector a constraint matches no pod. */}}
    {{- $own := dict "labelSelector" (dict "matchLabels" (include "claimcheck.selector" $labels | fromYaml)) }}
    {{- range $pod.topologySpreadConstraints }}
    - {{- toYaml (hasKey . "labelSelector" | ternary . (merge (dict) . $own)) | nindent 6 }}
    {{- end }}
  {{- else if and .root.Values.topologySpread.enabled .probes }}
  topologySpreadConstraints:
    - topologyKey: {{ .root.Values.topologySpread.topologyKey }}
      maxSkew: {{ .root.Values.topologySpread.maxSkew }}
      whenUnsatisfiable: {{ .root.Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels: {{- include "claimcheck.selector" $labels | nindent 10 }}
  {{- end }}
  {{- if or .migrate $pod.initContainers }}
  initContainers:
    {{- if .migrate }}
    {{- $job := .root.Values.migrations }}
    - name: migrations
      image: {{ .image | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: ["node", "apps/api/src/cli/claimcheck.ts", "migrate"]
      env: {{- include "claimcheck.env" (dict "root" .root "pod" (include "claimcheck.podBlock" (dict "root" .root "part" $job) | fromYaml) "env" (include "claimcheck.env.migrations" .root)) | nindent 8 }}
      resources: {{- toYaml $job.resources | nindent 8 }}
      {{- with $pod.containerSecurityContext }}
      securityContext: {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- if $hasCa }}
        - { name: trusted-ca, mountPath: /etc/claimcheck/ca, readOnly: true }
        {{- end }}
        {{- with $pod.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- end }}
    {{- with $pod.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ .image | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: {{ toJson .command }}
      {{- with .ports }}
      ports:
        {{- range . }}
        - { name: {{ .name }}, containerPort: {{ .number }} }
        {{- end }}
      {{- end }}
      env: {{- include "claimcheck.env" (dict "root" .root "pod" $pod "env" .env) | nindent 8 }}
      {{- with $pod.extraEnvFrom }}
      envFrom: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if .probes }}
      {{- range $name, $path := dict "startup" "/healthz" "liveness" "/healthz" "readiness" "/readyz" }}
      {{ $name }}Probe: {{- mergeOverwrite (deepCopy (default dict (get $pod.probes $name))) (dict "httpGet" (dict "path" $path "port" "admin")) | toYaml | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with .drain }}
      # Until every proxy knows that this pod leaves; then SIGTERM.
      lifecycle: { preStop: { sleep: { seconds: {{ . }} } } }
      {{- end }}
      resources: {{- toYaml .part.resources | nindent 8 }}
      {{- with $pod.containerSecurityContext }}
      securityContext: {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- if .temp }}
        - { name: jobs, mountPath: /jobs }
        {{- end }}
        {{- if $hasCa }}
        - { name: trusted-ca, mountPath: /etc/claimcheck/ca, readOnly: true }
        {{- end }}
        {{- with $pod.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- /* A job would never end while a sidecar of all pods runs: it takes its own only. */}}
    {{- with ternary $pod.sidecars (default list .part.sidecars) (empty .restartPolicy) }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - { name: tmp, emptyDir: { sizeLimit: 256Mi } }
    {{- if .tempVolume }}
    - {{- mergeOverwrite (dict "name" "jobs") (deepCopy .tempVolume) | toYaml | nindent 6 }}
    {{- else if .temp }}
    - { name: jobs, emptyDir: { sizeLimit: {{ .temp }} } }
    {{- end }}
    {{- if $ca.existingConfigMap }}
    - { name: trusted-ca, configMap: { name: {{ $ca.existingConfigMap }} } }
    {{- else if $ca.existingSecret }}
    - { name: trusted-ca, secret: { secretName: {{ $ca.existingSecret }} } }
    {{- end }}
    {{- with $pod.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
