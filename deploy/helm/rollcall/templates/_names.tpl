{{/* The name of objects: 40 characters, so that what is added fits into 63. */}}
{{- define "rollcall.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's objects. Takes root and component. */}}
{{- define "rollcall.componentName" -}}
{{- if eq .component "server" -}}
{{- include "rollcall.name" .root -}}
{{- else -}}
{{- printf "%s-%s" (include "rollcall.name" .root) .component -}}
{{- end -}}
{{- end -}}

{{/* What all pods of the release have in common. */}}
{{- define "rollcall.commonSelector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* What the pods of a component have in common. Takes root and component. */}}
{{- define "rollcall.selector" -}}
{{ include "rollcall.commonSelector" .root }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end -}}

{{/* The labels of an object. Takes root and component. */}}
{{- define "rollcall.labels" -}}
{{ include "rollcall.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The address of an image: after the registry of all charts, unless it begins with one of its own, which has a dot or a port. Takes root and name. */}}
{{- define "rollcall.fromRegistry" -}}
{{- $first := first (splitList "/" .name) -}}
{{- $hasOwn := and (contains "/" .name) (or (contains "." $first) (contains ":" $first)) -}}
{{- if and .root.Values.global.imageRegistry (not $hasOwn) -}}
{{- printf "%s/%s" .root.Values.global.imageRegistry .name -}}
{{- else -}}
{{- .name -}}
{{- end -}}
{{- end -}}

{{- define "rollcall.image" -}}
{{- $repository := include "rollcall.fromRegistry" (dict "root" . "name" .Values.image.repository) -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" $repository .digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* With what nodes fetch the images of a pod: a part of its spec, or nothing. */}}
{{- define "rollcall.pullSecrets" -}}
{{- if or .Values.image.pullSecrets .Values.global.imagePullSecrets -}}
imagePullSecrets:
  {{- range .Values.image.pullSecrets }}
  - {{ toJson . }}
  {{- end }}
  {{- range .Values.global.imagePullSecrets }}
  - {{ ternary (dict "name" .) . (kindIs "string" .) | toJson }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* The ServiceAccount of the pods that serve. */}}
{{- define "rollcall.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rollcall.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The host of publicUrl, without its port. */}}
{{- define "rollcall.host" -}}
{{- $address := .Values.publicUrl | trimPrefix "https://" | trimPrefix "http://" -}}
{{- first (splitList ":" (first (splitList "/" $address))) -}}
{{- end -}}

{{/* A value as a setting in the environment is written. */}}
{{- define "rollcall.text" -}}
{{- if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if kindIs "string" . -}}
{{- . -}}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}

{{/* One map over another: of what both have, the second holds. Takes under and over. */}}
{{- define "rollcall.overlay" -}}
{{- $over := .over -}}
{{- $under := .under -}}
{{- range $key, $value := $under }}
{{- if not (hasKey $over $key) }}
{{ $key }}: {{ toJson $value }}
{{- else if and (kindIs "map" $value) (kindIs "map" (index $over $key)) }}
{{ $key }}: {{ include "rollcall.overlay" (dict "under" $value "over" (index $over $key)) | fromYaml | toJson }}
{{- end }}
{{- end }}
{{- range $key, $value := $over }}
{{- if not (and (kindIs "map" $value) (kindIs "map" (index $under $key))) }}
{{ $key }}: {{ toJson $value }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What runs: each component with its workload. */}}
{{- define "rollcall.components" -}}
{{- if .Values.split.enabled -}}
{{- range $component := list "scim" "admin" "worker" }}
{{ $component }}: {{ include "rollcall.overlay" (dict "under" $.Values.workload "over" (index $.Values.split $component)) | fromYaml | toJson }}
{{- end }}
{{- else -}}
server: {{ toJson .Values.workload }}
{{- end }}
{{- end -}}

{{/* The fewest pods of a workload that run. */}}
{{- define "rollcall.fewest" -}}
{{- if .autoscaling.enabled -}}
{{- int .autoscaling.minReplicas -}}
{{- else -}}
{{- int .replicas -}}
{{- end -}}
{{- end -}}

{{/* The Service behind which a face answers, `scim` or `admin`. Takes root and face. */}}
{{- define "rollcall.faceService" -}}
{{- include "rollcall.componentName" (dict "root" .root "component" (ternary .face "server" .root.Values.split.enabled)) -}}
{{- end -}}

{{/* The annotations of what the job needs: there before it, gone after it. */}}
{{- define "rollcall.companion" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: "-10"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
