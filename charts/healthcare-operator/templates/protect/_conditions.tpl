{{/*
Shared by both policies. The policies take the HealthcareServices of the namespace as parameters, so each
condition and each rule is evaluated once for every one of them; `owner` picks the one that matters.
*/}}
{{- define "healthcare-operator.protect.conditions" -}}
- name: not-the-operator
  expression: request.userInfo.username != 'system:serviceaccount:{{ .Release.Namespace }}:{{ include "healthcare-operator.serviceAccountName" . }}'
- name: not-the-control-plane
  expression: >-
    !(request.userInfo.username in ['system:kube-controller-manager', 'system:apiserver']) &&
    !{{ include "healthcare-operator.protect.inGroups" .Values.protectChildren.controlPlaneGroups }}
- name: not-exempt
  expression: >-
    !(request.userInfo.username in {{ include "healthcare-operator.protect.list" .Values.protectChildren.exemptUsers }}) &&
    !{{ include "healthcare-operator.protect.inGroups" .Values.protectChildren.exemptGroups }}
# Pausing is how a person says "I work by hand now": the operator writes nothing, so nothing is undone.
- name: not-paused
  expression: "!params.spec.?paused.orValue(false)"
- name: not-being-deleted
  expression: "!has(params.metadata.deletionTimestamp)"
{{- end }}

{{/* Text values become CEL text by way of JSON, which CEL's string literals contain. */}}
{{- define "healthcare-operator.protect.list" -}}
{{- . | toRawJson }}
{{- end }}

{{- define "healthcare-operator.protect.inGroups" -}}
(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in {{ include "healthcare-operator.protect.list" . }}))
{{- end }}

{{- define "healthcare-operator.protect.binding" -}}
validationActions: {{ toJson .Values.protectChildren.validationActions }}
paramRef:
  selector: {}
  # No HealthcareService in the namespace: nothing here is owned by one.
  parameterNotFoundAction: Allow
{{- with .Values.watchNamespaces }}
matchResources:
  namespaceSelector:
    matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values: {{ toJson . }}
{{- end }}
{{- end }}
