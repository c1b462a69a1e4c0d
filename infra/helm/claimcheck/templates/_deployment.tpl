{{/*
A Deployment. Takes: root, component, account, part (its values), image, script, adminPort, env (rendered); and
optionally port (name and number), temp (a size: the folder of jobs), migrate (bool).
*/}}
{{- define "claimcheck.deployment" -}}
{{- $labels := dict "root" .root "component" .component -}}
{{- $pod := include "claimcheck.podBlock" . | fromYaml -}}
{{- $ports := list (dict "name" "admin" "number" .adminPort) -}}
{{- with .port }}{{ $ports = append $ports . }}{{ end -}}
{{- $drain := int (default 0 .part.drainSeconds) -}}
{{- if le (int .part.terminationGracePeriodSeconds) $drain -}}
{{- fail (printf "%s: terminationGracePeriodSeconds must be longer than drainSeconds" .component) -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels: {{- include "claimcheck.labels" $labels | nindent 4 }}
  {{- with $pod.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if not .part.autoscaling.enabled }}
  replicas: {{ .part.replicas | default 1 }}
  {{- end }}
  revisionHistoryLimit: {{ $pod.revisionHistoryLimit }}
  strategy: {{- toYaml $pod.strategy | nindent 4 }}
  selector:
    matchLabels: {{- include "claimcheck.selector" $labels | nindent 6 }}
  template: {{- include "claimcheck.podTemplate" (mergeOverwrite (dict "command" (list "node" .script) "ports" $ports
      "probes" true "drain" $drain "grace" .part.terminationGracePeriodSeconds) .) | nindent 4 }}
{{- end -}}

{{/* A PodDisruptionBudget. Takes: root, component, part. */}}
{{- define "claimcheck.disruption" -}}
{{- $budget := .part.podDisruptionBudget -}}
{{- if $budget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels: {{- include "claimcheck.labels" . | nindent 4 }}
spec:
  {{- if hasKey $budget "minAvailable" }}
  minAvailable: {{ $budget.minAvailable }}
  {{- else }}
  maxUnavailable: {{ $budget.maxUnavailable }}
  {{- end }}
  {{- with $budget.unhealthyPodEvictionPolicy }}
  unhealthyPodEvictionPolicy: {{ . }}
  {{- end }}
  selector:
    matchLabels: {{- include "claimcheck.selector" . | nindent 6 }}
{{- end }}
{{- end -}}

{{/* Takes: root, component, part. */}}
{{- define "claimcheck.autoscaler" -}}
{{- $scaling := .part.autoscaling -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "%s: autoscaling.minReplicas is larger than maxReplicas" .component) -}}
{{- end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels: {{- include "claimcheck.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "claimcheck.fullname" .root }}-{{ .component }} }
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  metrics:
    {{- with $scaling.targetCPUUtilizationPercentage }}
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: {{ . }} } }
    {{- end }}
    {{- with $scaling.metrics }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $scaling.behavior }}
  behavior: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Takes: root, component, part, port (its name). */}}
{{- define "claimcheck.service" -}}
{{- $service := .part.service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels:
    {{- include "claimcheck.labels" . | nindent 4 }}
    {{- with $service.labels }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with $service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type }}
  {{- range $key := list "loadBalancerClass" "loadBalancerIP" "externalTrafficPolicy" "internalTrafficPolicy" "sessionAffinity" "ipFamilyPolicy" "trafficDistribution" }}
  {{- with get $service $key }}
  {{ $key }}: {{ . }}
  {{- end }}
  {{- end }}
  {{- range $key := list "loadBalancerSourceRanges" "ipFamilies" }}
  {{- with get $service $key }}
  {{ $key }}: {{ toJson . }}
  {{- end }}
  {{- end }}
  ports:
    - name: {{ .port }}
      port: {{ $service.port }}
      targetPort: {{ .port }}
      {{- with $service.nodePort }}
      nodePort: {{ . }}
      {{- end }}
      {{- with $service.appProtocol }}
      appProtocol: {{ . }}
      {{- end }}
  selector: {{- include "claimcheck.selector" . | nindent 4 }}
{{- end -}}
