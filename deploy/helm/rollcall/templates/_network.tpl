{{/* A way out. Takes to and ports. */}}
{{- define "rollcall.egress" -}}
- ports:
    {{- range .ports }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The same to name servers, by UDP too. */}}
{{- define "rollcall.nameServers" -}}
- ports:
    {{- range .Values.networkPolicy.egress.dns.ports }}
    - {port: {{ int . }}, protocol: UDP}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicy.egress.dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The annotations of an Ingress. The largest body that any limit allows has to come through ingress-nginx. */}}
{{- define "rollcall.ingressAnnotations" -}}
{{- $http := default dict .Values.settings.http -}}
{{- $scim := default dict .Values.settings.scim -}}
{{- $most := max (default 1048576 $http.body_limit_bytes | int) (default 8388608 $http.group_body_limit_bytes | int) (default 8388608 $scim.bulk_max_payload_bytes | int) -}}
{{- $size := dict "nginx.ingress.kubernetes.io/proxy-body-size" (toString $most) -}}
{{- include "rollcall.overlay" (dict "under" $size "over" .Values.ingress.annotations) -}}
{{- end -}}

{{/* The class and the certificates of an Ingress. */}}
{{- define "rollcall.ingressHead" -}}
{{- with .Values.ingress.className }}
ingressClassName: {{ . | quote }}
{{- end }}
{{- if or .Values.ingress.tlsSecretName .Values.ingress.wildcardTlsSecretName }}
tls:
  {{- with .Values.ingress.tlsSecretName }}
  - hosts: [{{ include "rollcall.host" $ | quote }}]
    secretName: {{ . | quote }}
  {{- end }}
  {{- with .Values.ingress.wildcardTlsSecretName }}
  - hosts: [{{ printf "*.%s" $.Values.baseDomain | quote }}]
    secretName: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}
