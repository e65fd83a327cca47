{{/* A container of the migration job. Takes root, name and words, what the program is told. */}}
{{- define "rollcall.migration" -}}
{{- $values := .root.Values -}}
{{- $hasCertificates := hasKey (include "rollcall.certificates" .root | fromYaml) "database" -}}
- name: {{ .name }}
  image: {{ include "rollcall.image" .root | quote }}
  imagePullPolicy: {{ $values.image.pullPolicy }}
  args: {{ toJson .words }}
  securityContext:
    {{- toYaml $values.securityContext | nindent 4 }}
  env:
    {{- range $key, $value := $values.settings.database }}
    - name: ROLLCALL__DATABASE__{{ upper $key }}
      value: {{ include "rollcall.text" $value | quote }}
    {{- end }}
    {{- include "rollcall.secretVariable" (dict "variable" "ROLLCALL__DATABASE__URL" "key" $values.database.urlKey "secret" (include "rollcall.migrationSecret" (dict "root" .root "own" $values.database.existingSecret "setting" "database.url"))) | nindent 4 }}
    {{- if include "rollcall.hasOwner" .root }}
    {{- include "rollcall.secretVariable" (dict "variable" "ROLLCALL__DATABASE__OWNER_URL" "key" $values.database.owner.urlKey "secret" (include "rollcall.migrationSecret" (dict "root" .root "own" $values.database.owner.existingSecret "setting" "database.owner_url"))) | nindent 4 }}
    {{- end }}
    {{- with $values.migrations.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  resources:
    {{- toYaml $values.migrations.resources | nindent 4 }}
  {{- if or $hasCertificates $values.migrations.extraVolumeMounts }}
  volumeMounts:
    {{- if $hasCertificates }}
    {{- include "rollcall.certificateMount" "database" | nindent 4 }}
    {{- end }}
    {{- with $values.migrations.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end -}}
