{{/* Matchers of this release's series: the operator's, or what this chart's monitor writes. Takes: root's scope. */}}
{{- define "claimcheck.alertSelector" -}}
{{- $metrics := .Values.metrics -}}
{{- $name := include "claimcheck.fullname" . -}}
{{- if $metrics.prometheusRule.selector }}{{ $metrics.prometheusRule.selector }}
{{- else if $metrics.podMonitor.enabled }}job="{{ .Release.Namespace }}/{{ $name }}"
{{- else if $metrics.serviceMonitor.enabled }}namespace="{{ .Release.Namespace }}",job="{{ $name }}-metrics"
{{- end -}}
{{- end -}}

{{/* Roles that run here, one per line. */}}
{{- define "claimcheck.roles" -}}
http
background
{{- if .Values.gateway.enabled }}
gateway
{{- end }}
{{- range $lane := list "media" "transcode" }}
{{- $runs := false }}
{{- range $.Values.workers }}{{ if has $lane .lanes }}{{ $runs = true }}{{ end }}{{ end }}
{{- if $runs }}
{{ $lane }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The rules of files/alerts.yaml with this release's numbers: [[name]] is a threshold, [[selector]] the matchers of its
series with a comma after them, [[roles]] an absent() for each role.
*/}}
{{- define "claimcheck.alerts" -}}
{{- $rule := .Values.metrics.prometheusRule -}}
{{- $matchers := include "claimcheck.alertSelector" . -}}
{{- $selector := ternary "" (printf "%s," $matchers) (eq $matchers "") -}}
{{- $text := .Files.Get "files/alerts.yaml" | replace "[[selector]]" $selector -}}
{{- $absent := list -}}
{{- range $role := splitList "\n" (include "claimcheck.roles" .) -}}
{{- $absent = append $absent (printf "absent(claimcheck_role_up{%srole=%q})" $selector $role) -}}
{{- end -}}
{{- $text = replace "[[roles]]" (join " or " $absent) $text -}}
{{- $thresholds := deepCopy $rule.thresholds -}}
{{- if kindIs "invalid" $thresholds.uploadSessionAgeSeconds -}}
{{- $ttl := include "claimcheck.seconds" (dig "UPLOAD_TTL" "24h" .Values.settings) | int64 -}}
{{- $_ := set $thresholds "uploadSessionAgeSeconds" (add $ttl 7200) -}}
{{- end -}}
{{- range $key, $value := $thresholds }}{{ $text = replace (printf "[[%s]]" $key) (toJson $value) $text }}{{ end -}}
{{- $rules := list -}}
{{- $known := list -}}
{{- range (index (fromYaml $text).groups 0).rules -}}
{{- $known = append $known .alert -}}
{{- if not (has .alert $rule.disabled) -}}
{{- $own := dict "severity" (get $rule.severities .alert | default .labels.severity) -}}
{{- $annotations := mergeOverwrite .annotations (dict "runbook_url" (printf "%s#%s" $rule.runbookUrl (lower .alert))) -}}
{{- $rules = append $rules (mergeOverwrite . (dict "labels" (mergeOverwrite (deepCopy $rule.alertLabels) $own) "annotations" $annotations)) -}}
{{- end -}}
{{- end -}}
{{- range concat $rule.disabled (keys $rule.severities) -}}
{{- if not (has . $known) }}{{ fail (printf "metrics.prometheusRule: there is no alert %s" .) }}{{ end -}}
{{- end -}}
{{- dict "groups" (list (dict "name" "claimcheck" "rules" $rules)) | toYaml -}}
{{- end -}}
