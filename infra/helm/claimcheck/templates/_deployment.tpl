{{/*
A Deployment. Takes: root, component, part (its values), script, adminPort, env (rendered), port (optional name and
number), scaled (something else sets the replicas), temp (a size: a folder for jobs).
*/}}
{{- define "claimcheck.deployment" -}}
{{- $labels := dict "root" .root "component" .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels: {{- include "claimcheck.labels" $labels | nindent 4 }}
spec:
  {{- if not .scaled }}
  replicas: {{ .part.replicas }}
  {{- end }}
  # Never fewer than before: a rolling restart loses no capacity.
  strategy: { type: RollingUpdate, rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  selector:
    matchLabels: {{- include "claimcheck.selector" $labels | nindent 6 }}
  template:
    metadata:
      labels: {{- include "claimcheck.labels" $labels | nindent 8 }}
      {{- with .part.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "claimcheck.serviceAccountName" .root }}
      automountServiceAccountToken: false
      # Else a Service called gateway sets GATEWAY_PORT=tcp://…
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .part.terminationGracePeriodSeconds }}
      securityContext: {{- toYaml .root.Values.podSecurityContext | nindent 8 }}
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if .root.Values.topologySpread.enabled }}
      topologySpreadConstraints:
        - topologyKey: {{ .root.Values.topologySpread.topologyKey }}
          maxSkew: {{ .root.Values.topologySpread.maxSkew }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "claimcheck.selector" $labels | nindent 14 }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "claimcheck.image" .root | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: ["node", {{ .script | quote }}]
          ports:
            - { name: admin, containerPort: {{ .adminPort }} }
            {{- with .port }}
            - { name: {{ .name }}, containerPort: {{ .number }} }
            {{- end }}
          env:
            {{- .env | nindent 12 }}
            {{- with .part.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- include "claimcheck.probes" .root | nindent 10 }}
          {{- with .part.drainSeconds }}
          # Until every proxy knows that this pod goes; then SIGTERM.
          lifecycle: { preStop: { sleep: { seconds: {{ . }} } } }
          {{- end }}
          resources: {{- toYaml .part.resources | nindent 12 }}
          {{- include "claimcheck.containerSecurity" .root | nindent 10 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            {{- if .temp }}
            - { name: jobs, mountPath: /jobs }
            {{- end }}
      volumes:
        - { name: tmp, emptyDir: { sizeLimit: 256Mi } }
        {{- with .temp }}
        - { name: jobs, emptyDir: { sizeLimit: {{ . }} } }
        {{- end }}
      {{- with .part.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .part.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .part.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{/* A PodDisruptionBudget, and a HorizontalPodAutoscaler where asked for. Takes: root, component, part. */}}
{{- define "claimcheck.disruption" -}}
{{- if .part.podDisruptionBudget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels: {{- include "claimcheck.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .part.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels: {{- include "claimcheck.selector" . | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "claimcheck.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels: {{- include "claimcheck.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "claimcheck.fullname" .root }}-{{ .component }} }
  minReplicas: {{ .part.autoscaling.minReplicas }}
  maxReplicas: {{ .part.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ .part.autoscaling.targetCPUUtilizationPercentage }} }
{{- end -}}

{{/* Takes: root, component, part, port (its name). */}}
{{- define "claimcheck.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "claimcheck.fullname" .root }}-{{ .component }}
  labels: {{- include "claimcheck.labels" . | nindent 4 }}
  {{- with .part.service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .part.service.type }}
  ports: [{ name: {{ .port }}, port: {{ .part.service.port }}, targetPort: {{ .port }} }]
  selector: {{- include "claimcheck.selector" . | nindent 4 }}
{{- end -}}
