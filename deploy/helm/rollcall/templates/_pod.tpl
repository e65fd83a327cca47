{{/* The settings that are no secret, as environment. */}}
{{- define "rollcall.settings" -}}
{{- $settings := .Values.settings -}}
{{- $http := default dict $settings.http -}}
ROLLCALL__PUBLIC_URL: {{ .Values.publicUrl | quote }}
ROLLCALL__DATABASE__MIGRATE_ON_START: "false"
ROLLCALL__HTTP__PORT: "8080"
ROLLCALL__HTTP__DRAIN_SECONDS: {{ int .Values.drainSeconds | toJson | quote }}
{{- if not (hasKey $http "host") }}
ROLLCALL__HTTP__HOST: "0.0.0.0"
{{- end }}
{{- with .Values.baseDomain }}
ROLLCALL__TENANCY__BASE_DOMAIN: {{ . | quote }}
{{- end }}
{{- if include "rollcall.hasRing" . }}
ROLLCALL__KEYS__RING_FILE: "/etc/rollcall/keys/ring"
{{- end }}
{{- if and .Values.redis.enabled .Values.redis.caConfigMap }}
ROLLCALL__REDIS__CA_FILE: "/etc/rollcall/ca/redis/ca.crt"
{{- end }}
{{- if and .Values.mail.enabled .Values.mail.caConfigMap }}
ROLLCALL__MAIL__CA_FILE: "/etc/rollcall/ca/mail/ca.crt"
{{- end }}
{{- if .Values.metrics.enabled }}
ROLLCALL__METRICS__HOST: {{ default "0.0.0.0" $http.host | quote }}
ROLLCALL__METRICS__PORT: {{ toJson .Values.metrics.port | quote }}
{{- end }}
{{- range $section, $keys := $settings }}
{{- range $key, $value := $keys }}
ROLLCALL__{{ upper $section }}__{{ upper $key }}: {{ include "rollcall.text" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A secret setting as environment. Takes variable, secret and key. */}}
{{- define "rollcall.secretVariable" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret | quote }}
      key: {{ .key | quote }}
{{- end -}}

{{/* The certificates that connections are checked against: which ConfigMap, by what they are for. */}}
{{- define "rollcall.certificates" -}}
{{- with .Values.database }}
{{- if .caConfigMap }}
database: {{ dict "name" .caConfigMap "key" .caKey | toJson }}
{{- end }}
{{- end }}
{{- with .Values.redis }}
{{- if and .enabled .caConfigMap }}
redis: {{ dict "name" .caConfigMap "key" .caKey | toJson }}
{{- end }}
{{- end }}
{{- with .Values.mail }}
{{- if and .enabled .caConfigMap }}
mail: {{ dict "name" .caConfigMap "key" .caKey | toJson }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A volume with certificates. Takes what and source. */}}
{{- define "rollcall.certificateVolume" -}}
- name: ca-{{ .what }}
  configMap:
    name: {{ .source.name | quote }}
    items: [{key: {{ .source.key | quote }}, path: ca.crt}]
{{- end -}}

{{- define "rollcall.certificateMount" -}}
- name: ca-{{ . }}
  mountPath: /etc/rollcall/ca/{{ . }}
  readOnly: true
{{- end -}}

{{/* A probe. Takes path and numbers. */}}
{{- define "rollcall.probe" -}}
httpGet: {path: {{ .path }}, port: http}
{{ toYaml .numbers }}
{{- end -}}

{{/* The pod of a component. Takes root, component and workload. */}}
{{- define "rollcall.pod" -}}
{{- $values := .root.Values -}}
{{- $workload := .workload -}}
{{- $certificates := include "rollcall.certificates" .root | fromYaml -}}
{{- $hasRing := include "rollcall.hasRing" .root -}}
metadata:
  labels:
    {{- include "rollcall.labels" (dict "root" .root "component" .component) | nindent 4 }}
    {{- with $workload.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "rollcall.settings" .root | sha256sum }}
    {{- if $values.developmentSecret.enabled }}
    checksum/secret: {{ toJson $values.developmentSecret | sha256sum }}
    {{- end }}
    {{- with $workload.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "rollcall.serviceAccount" .root | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- $http := default dict $values.settings.http }}
  # Waiting for proxies, finishing requests, and 15 s for what is left to be written down and sent.
  {{- $grace := ternary $http.shutdown_grace_seconds 30 (hasKey $http "shutdown_grace_seconds") }}
  terminationGracePeriodSeconds: {{ add (int $values.drainSeconds) (int $grace) 15 }}
  {{- with include "rollcall.pullSecrets" .root }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $workload.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  containers:
    - name: rollcall
      image: {{ include "rollcall.image" .root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      {{- if eq .component "server" }}
      args: [serve]
      {{- else }}
      args: [serve, --roles, {{ .component }}]
      {{- end }}
      securityContext:
        {{- toYaml $values.securityContext | nindent 8 }}
      ports:
        - name: http
          containerPort: 8080
        {{- if $values.metrics.enabled }}
        - name: metrics
          containerPort: {{ int $values.metrics.port }}
        {{- end }}
      envFrom:
        - configMapRef:
            name: {{ include "rollcall.name" .root | quote }}
      env:
        {{- include "rollcall.secretVariable" (dict "variable" "ROLLCALL__DATABASE__URL" "key" $values.database.urlKey "secret" (include "rollcall.secret" (dict "root" .root "own" $values.database.existingSecret "setting" "database.url"))) | nindent 8 }}
        {{- if $values.redis.enabled }}
        {{- include "rollcall.secretVariable" (dict "variable" "ROLLCALL__REDIS__URL" "key" $values.redis.urlKey "secret" (include "rollcall.secret" (dict "root" .root "own" $values.redis.existingSecret "setting" "redis.url"))) | nindent 8 }}
        {{- end }}
        {{- if $values.mail.enabled }}
        {{- include "rollcall.secretVariable" (dict "variable" "ROLLCALL__MAIL__SMTP_URL" "key" $values.mail.urlKey "secret" (include "rollcall.secret" (dict "root" .root "own" $values.mail.existingSecret "setting" "mail.smtp_url"))) | nindent 8 }}
        {{- end }}
        {{- with $workload.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      startupProbe:
        {{- include "rollcall.probe" (dict "path" "/healthz" "numbers" $values.probes.startup) | nindent 8 }}
      livenessProbe:
        {{- include "rollcall.probe" (dict "path" "/healthz" "numbers" $values.probes.liveness) | nindent 8 }}
      readinessProbe:
        {{- include "rollcall.probe" (dict "path" "/readyz" "numbers" $values.probes.readiness) | nindent 8 }}
      resources:
        {{- toYaml $workload.resources | nindent 8 }}
      {{- if or $hasRing $certificates $workload.extraVolumeMounts }}
      volumeMounts:
        {{- if $hasRing }}
        - name: keys
          mountPath: /etc/rollcall/keys
          readOnly: true
        {{- end }}
        {{- range $what, $source := $certificates }}
        {{- include "rollcall.certificateMount" $what | nindent 8 }}
        {{- end }}
        {{- with $workload.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
  {{- if or $hasRing $certificates $workload.extraVolumes }}
  volumes:
    {{- if $hasRing }}
    - name: keys
      secret:
        secretName: {{ include "rollcall.secret" (dict "root" .root "own" $values.keys.existingSecret "setting" "keys.ring_file") | quote }}
        # 0440: for the group of the pod.
        defaultMode: 288
        items: [{key: {{ $values.keys.ringKey | quote }}, path: ring}]
    {{- end }}
    {{- range $what, $source := $certificates }}
    {{- include "rollcall.certificateVolume" (dict "what" $what "source" $source) | nindent 4 }}
    {{- end }}
    {{- with $workload.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- with $workload.topologySpread }}
  topologySpreadConstraints:
    {{- range . }}
    - labelSelector:
        matchLabels:
          {{- include "rollcall.selector" (dict "root" $.root "component" $.component) | nindent 10 }}
      # Pods of the version before do not count.
      matchLabelKeys: [pod-template-hash]
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with $workload.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
