{{/*
The pod of a job, one command of the CLI. Takes: root, component, part (its values), serviceAccount, arguments, env
(rendered).
*/}}
{{- define "claimcheck.jobPod" -}}
metadata:
  labels: {{- include "claimcheck.labels" . | nindent 4 }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ .serviceAccount }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext: {{- toYaml .root.Values.podSecurityContext | nindent 4 }}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "claimcheck.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: {{ concat (list "node" "apps/api/src/cli/claimcheck.ts") .arguments | toJson }}
      env:
        {{- .env | nindent 8 }}
        {{- with concat .root.Values.extraEnv .part.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      resources: {{- toYaml .part.resources | nindent 8 }}
      {{- include "claimcheck.containerSecurity" .root | nindent 6 }}
  {{- with .part.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .part.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
