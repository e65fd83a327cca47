{{/* The Secret that holds a setting. Takes root, own (the existingSecret of its section) and setting. */}}
{{- define "rollcall.secret" -}}
{{- $values := .root.Values -}}
{{- if .own -}}
{{- .own -}}
{{- else if $values.existingSecret -}}
{{- $values.existingSecret -}}
{{- else if or $values.externalSecrets.enabled $values.developmentSecret.enabled -}}
{{- include "rollcall.name" .root -}}
{{- else -}}
{{- fail (printf "nothing says which Secret holds %s: set existingSecret or %s.existingSecret, or turn on externalSecrets" .setting (first (splitList "." .setting))) -}}
{{- end -}}
{{- end -}}

{{/* Whether the chart makes the Secret of a section: "true" or nothing. Takes root and own. */}}
{{- define "rollcall.makes" -}}
{{- if and (not .own) (not .root.Values.existingSecret) -}}true{{- end -}}
{{- end -}}

{{/* The Secret of the migration job: with a chart that makes Secrets, one that lives as long as the job. */}}
{{- define "rollcall.migrationSecret" -}}
{{- if include "rollcall.makes" (dict "root" .root "own" .own) -}}
{{- printf "%s-migrate" (include "rollcall.secret" .) -}}
{{- else -}}
{{- include "rollcall.secret" . -}}
{{- end -}}
{{- end -}}

{{/* Whether an owner of the tables is named: "true" or nothing. */}}
{{- define "rollcall.hasOwner" -}}
{{- if or .Values.database.owner.existingSecret (and .Values.developmentSecret.enabled .Values.developmentSecret.databaseOwnerUrl) (and .Values.externalSecrets.enabled .Values.externalSecrets.data.databaseOwnerUrl) -}}true{{- end -}}
{{- end -}}

{{/* Whether the ring is in a Secret: always, but for a development Secret without one. */}}
{{- define "rollcall.hasRing" -}}
{{- if or .Values.keys.existingSecret (not .Values.developmentSecret.enabled) .Values.developmentSecret.keyRing -}}true{{- end -}}
{{- end -}}

{{/* The secret settings that the pods read and the chart makes: the key in the Secret, and the name in externalSecrets.data and developmentSecret. */}}
{{- define "rollcall.madeForPods" -}}
{{- if include "rollcall.makes" (dict "root" . "own" .Values.database.existingSecret) }}
{{ .Values.database.urlKey }}: databaseUrl
{{- end }}
{{- if and .Values.redis.enabled (include "rollcall.makes" (dict "root" . "own" .Values.redis.existingSecret)) }}
{{ .Values.redis.urlKey }}: redisUrl
{{- end }}
{{- if and (include "rollcall.hasRing" .) (include "rollcall.makes" (dict "root" . "own" .Values.keys.existingSecret)) }}
{{ .Values.keys.ringKey }}: keyRing
{{- end }}
{{- if and .Values.mail.enabled (include "rollcall.makes" (dict "root" . "own" .Values.mail.existingSecret)) }}
{{ .Values.mail.urlKey }}: smtpUrl
{{- end }}
{{- end -}}

{{/* The same for the migration job. */}}
{{- define "rollcall.madeForMigration" -}}
{{- if include "rollcall.makes" (dict "root" . "own" .Values.database.existingSecret) }}
{{ .Values.database.urlKey }}: databaseUrl
{{- end }}
{{- if and (include "rollcall.hasOwner" .) (not .Values.database.owner.existingSecret) }}
{{ .Values.database.owner.urlKey }}: databaseOwnerUrl
{{- end }}
{{- end -}}

{{/* An ExternalSecret's spec. Takes root, name and keys. */}}
{{- define "rollcall.externalSecretSpec" -}}
{{- $external := .root.Values.externalSecrets -}}
refreshInterval: {{ $external.refreshInterval | quote }}
secretStoreRef:
  name: {{ $external.store.name | quote }}
  kind: {{ $external.store.kind | quote }}
target:
  name: {{ .name | quote }}
data:
{{- range $key, $source := .keys }}
{{- $remote := index $external.data $source }}
{{- if not $remote }}
{{- fail (printf "externalSecrets.data.%s is missing: say where the store has it, or name an existingSecret that holds it" $source) }}
{{- end }}
  - secretKey: {{ $key | quote }}
    remoteRef: {{ toJson $remote }}
{{- end }}
{{- end -}}

{{/* What a development Secret holds. Takes root and keys. */}}
{{- define "rollcall.developmentData" -}}
{{- $development := .root.Values.developmentSecret -}}
{{- range $key, $source := .keys }}
{{- $text := index $development $source }}
{{- if not $text }}
{{- fail (printf "developmentSecret.%s is empty: give it, or name an existingSecret that holds it" $source) }}
{{- end }}
{{ $key }}: {{ $text | quote }}
{{- end }}
{{- end -}}
