{{- define "healthcare-operator.env" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: WATCH_NAMESPACES
  value: {{ join "," .Values.watchNamespaces | quote }}
- name: ADMIN_ADDRESS
  value: "0.0.0.0:8080"
- name: LEADER_ELECT
  value: {{ .Values.operator.leaderElection | quote }}
- name: LEASE_NAME
  value: {{ include "healthcare-operator.fullname" . }}
- name: LEASE_DURATION_SECONDS
  value: {{ .Values.operator.leaseDurationSeconds | quote }}
- name: CONCURRENCY
  value: {{ .Values.operator.concurrency | quote }}
- name: LOG_LEVEL
  value: {{ .Values.operator.logLevel }}
- name: LOG_FORMAT
  value: {{ .Values.operator.logFormat }}
- name: MONITORING_NAMESPACE_LABELS
  value: {{ include "healthcare-operator.labelList" (include "healthcare-operator.monitoringNamespaceLabels" . | fromYaml) | quote }}
{{- with .Values.managedServices.ingressNamespaceLabels }}
- name: INGRESS_NAMESPACE_LABELS
  value: {{ include "healthcare-operator.labelList" . | quote }}
{{- end }}
{{- with .Values.managedServices.monitorLabels }}
- name: MONITOR_LABELS
  value: {{ include "healthcare-operator.labelList" . | quote }}
{{- end }}
{{- with .Values.managedServices.otlpEndpoint }}
- name: DEFAULT_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with .Values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with .Values.prometheus.url }}
- name: PROMETHEUS_URL
  value: {{ . | quote }}
- name: PROMETHEUS_TIMEOUT_MILLISECONDS
  value: {{ $.Values.prometheus.timeoutMilliseconds | int | quote }}
{{- with $.Values.prometheus.tokenFile }}
- name: PROMETHEUS_TOKEN_FILE
  value: {{ . | quote }}
{{- end }}
{{- with $.Values.prometheus.caFile }}
- name: PROMETHEUS_CA_FILE
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- with .Values.operator.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
