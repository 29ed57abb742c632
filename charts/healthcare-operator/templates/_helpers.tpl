{{- define "healthcare-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 40 characters: the longest suffix still fits into a DNS label of 63. */}}
{{- define "healthcare-operator.fullname" -}}
{{- $name := include "healthcare-operator.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Cluster-wide objects carry the namespace too, so that two releases of one name do not meet. */}}
{{- define "healthcare-operator.clusterName" -}}
{{- $fullname := include "healthcare-operator.fullname" . }}
{{- if eq $fullname .Release.Namespace }}
{{- $fullname }}
{{- else }}
{{- printf "%s-%s" .Release.Namespace $fullname }}
{{- end }}
{{- end }}

{{- define "healthcare-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "healthcare-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What tells the pods of one shard from the others'; nothing where one process does everything. */}}
{{- define "healthcare-operator.shardLabels" -}}
{{- if gt .shards 1 -}}
gitops-health.io/shard: {{ .shard | quote }}
{{- end }}
{{- end }}

{{- define "healthcare-operator.labels" -}}
{{ include "healthcare-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "healthcare-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "healthcare-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "healthcare-operator.image" -}}
{{- $image := printf "%s/%s" .Values.image.registry .Values.image.repository }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $image .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $image (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "healthcare-operator.metricsServiceName" -}}
{{- printf "%s-metrics" (include "healthcare-operator.fullname" .) }}
{{- end }}

{{/* An empty map stands for the default: Helm would add to a default map, not replace it. */}}
{{- define "healthcare-operator.monitoringNamespaceLabels" -}}
{{- .Values.managedServices.monitoringNamespaceLabels | default (dict "kubernetes.io/metadata.name" "monitoring") | toYaml }}
{{- end }}

{{/* A map as key=value,key=value */}}
{{- define "healthcare-operator.labelList" -}}
{{- $pairs := list }}
{{- range $key, $value := . }}
{{- $pairs = append $pairs (printf "%s=%s" $key $value) }}
{{- end }}
{{- join "," $pairs }}
{{- end }}

{{/* Port of the OTLP endpoint: the one it names, else that of http. */}}
{{- define "healthcare-operator.otlpPort" -}}
{{- $url := urlParse .Values.tracing.endpoint }}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default "80" }}
{{- end }}

{{/* Port of Prometheus: the one its URL names, else that of the scheme. */}}
{{- define "healthcare-operator.prometheusPort" -}}
{{- $url := urlParse .Values.prometheus.url }}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "https" | ternary "443" "80") }}
{{- end }}

{{- define "healthcare-operator.validate" -}}
{{- if and (not .Values.prometheus.url) (or .Values.prometheus.tokenFile .Values.prometheus.caFile) }}
{{- fail "prometheus.tokenFile and prometheus.caFile need prometheus.url: set it, or leave them out" }}
{{- end }}
{{- if and (not .Values.operator.leaderElection) (gt (int .Values.replicas) 1) }}
{{- fail (printf "operator.leaderElection is off with replicas: %d: two operators would work against each other. Set replicas to 1 or switch leader election on" (int .Values.replicas)) }}
{{- end }}
{{- end }}
