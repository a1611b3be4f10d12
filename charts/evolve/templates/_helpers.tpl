{{/* The name of everything that the chart makes. */}}
{{- define "evolve.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if hasSuffix "-operator" .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-operator" (.Release.Name | trunc 43 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* The ClusterRole that is bound in each namespace with bots, when all namespaces are looked after. */}}
{{- define "evolve.botsRole" -}}
{{ include "evolve.fullname" . }}-bots
{{- end -}}

{{- define "evolve.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "evolve.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name: say which ServiceAccount the operator is, or set serviceAccount.create to true" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What the Service and the Deployment find the operator's pods by. The name is what bots' NetworkPolicies let in. */}}
{{- define "evolve.selector" -}}
app.kubernetes.io/name: evolve-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Not `managed-by: evolve-operator`, by which the operator knows its own objects. */}}
{{- define "evolve.labels" -}}
{{ include "evolve.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: evolve
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "evolve.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Where the operator needs its rights over bots, when all namespaces are looked after: as JSON. */}}
{{- define "evolve.namespaces" -}}
{{- $namespaces := .Values.rbac.namespaces -}}
{{- range .Values.bots -}}
{{- $namespaces = append $namespaces (.namespace | default $.Release.Namespace) -}}
{{- end -}}
{{- $namespaces | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* The one who has the rights. */}}
{{- define "evolve.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "evolve.serviceAccount" . }}
    namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* Values that contradict each other: a sentence each, in place of a release that is not what was meant. */}}
{{- define "evolve.check" -}}
{{- $places := .Values.watchNamespaces -}}
{{- if $places -}}
{{- if .Values.rbac.everywhere -}}
{{- fail "rbac.everywhere and watchNamespaces contradict each other: with a list of namespaces the operator has rights in these alone. Empty watchNamespaces, or set rbac.everywhere to false" -}}
{{- end -}}
{{- range .Values.rbac.namespaces -}}
{{- if not (has . $places) -}}
{{- fail (printf "rbac.namespaces: the operator does not look at %s, since watchNamespaces does not list it. Add it there, or take it off here (with watchNamespaces, rbac.namespaces says nothing more)" .) -}}
{{- end -}}
{{- end -}}
{{- range .Values.bots -}}
{{- $place := .namespace | default $.Release.Namespace -}}
{{- if not (has $place $places) -}}
{{- fail (printf "bots: nobody would look after %s, since watchNamespaces does not list its namespace %s. Add %s to watchNamespaces, or set the bot's namespace to one that is listed" .name $place $place) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.rbac.everywhere .Values.rbac.namespaces -}}
{{- fail "rbac.everywhere and rbac.namespaces contradict each other: empty the list for rights in every namespace, or set rbac.everywhere to false for rights in those of the list" -}}
{{- end -}}
{{- end -}}
