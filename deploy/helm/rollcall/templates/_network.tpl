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
