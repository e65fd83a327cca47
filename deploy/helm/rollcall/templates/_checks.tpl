{{/* Values that contradict each other end here, with one sentence that says what to do. */}}
{{- define "rollcall.checks" -}}
{{- $values := .Values -}}
{{- $host := include "rollcall.host" . -}}
{{- $routed := or $values.ingress.enabled $values.gateway.enabled -}}
{{- if not $values.publicUrl -}}
{{- fail "publicUrl is empty: set the https address that people and identity providers use, such as https://directory.example.com" -}}
{{- end -}}
{{- $rest := $values.publicUrl | trimPrefix "https://" | trimPrefix "http://" | trimSuffix "/" -}}
{{- if and $routed (contains "/" $rest) -}}
{{- fail "publicUrl has a path, and the routes of Ingress and Gateway lead whole hosts: leave the path out, or make the routes yourself" -}}
{{- end -}}
{{- if and (eq $values.image.tag "latest") (not $values.image.digest) -}}
{{- fail "image.tag is latest, which is another version tomorrow: name a version or a digest" -}}
{{- end -}}
{{- if and $values.developmentSecret.enabled $values.externalSecrets.enabled -}}
{{- fail "developmentSecret and externalSecrets are both on: choose one" -}}
{{- end -}}
{{- if and $values.existingSecret (or $values.developmentSecret.enabled $values.externalSecrets.enabled) -}}
{{- fail "existingSecret holds all secret settings, so there is nothing to do for developmentSecret or externalSecrets: turn them off, or name an existingSecret only in the sections that have one" -}}
{{- end -}}
{{- if and $values.externalSecrets.enabled (not $values.externalSecrets.store.name) -}}
{{- fail "externalSecrets.store.name is empty: name the store" -}}
{{- end -}}
{{- if and $values.database.owner.existingSecret (eq $values.migrations.mode "none") -}}
{{- fail "database.owner is for the migration job, and migrations.mode is none: leave one of them out" -}}
{{- end -}}
{{- $mail := default dict $values.settings.mail -}}
{{- if and $values.mail.enabled (not $mail.from) -}}
{{- fail "mail.enabled needs settings.mail.from: the address that mails are from" -}}
{{- end -}}
{{- $limits := default dict $values.settings.limits -}}
{{- $counted := or (not (hasKey $limits "enabled")) (ne (include "rollcall.text" $limits.enabled) "false") -}}
{{- $alone := list -}}
{{- range $component, $workload := include "rollcall.components" . | fromYaml -}}
{{- $scaling := $workload.autoscaling -}}
{{- $most := int (ternary $scaling.maxReplicas $workload.replicas $scaling.enabled) -}}
{{- $where := ternary (printf "split.%s" $component) "workload" $values.split.enabled -}}
{{- if and $scaling.enabled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- fail (printf "%s.autoscaling.minReplicas is more than maxReplicas: lower one or raise the other" $where) -}}
{{- end -}}
{{- if and $scaling.enabled (not $scaling.targetCPUUtilizationPercentage) (not $scaling.targetMemoryUtilizationPercentage) (not $scaling.metrics) -}}
{{- fail (printf "%s.autoscaling has nothing to go by: set targetCPUUtilizationPercentage, targetMemoryUtilizationPercentage or metrics" $where) -}}
{{- end -}}
{{- $requests := default dict (default dict $workload.resources).requests -}}
{{- if and $scaling.enabled $scaling.targetCPUUtilizationPercentage (not $requests.cpu) -}}
{{- fail (printf "%s.autoscaling goes by processor time, and %s.resources.requests.cpu is missing: a percentage of what?" $where $where) -}}
{{- end -}}
{{- if and $scaling.enabled $scaling.targetMemoryUtilizationPercentage (not $requests.memory) -}}
{{- fail (printf "%s.autoscaling goes by memory, and %s.resources.requests.memory is missing: a percentage of what?" $where $where) -}}
{{- end -}}
{{- $budget := $workload.podDisruptionBudget -}}
{{- if and $budget.enabled (ne (toString $budget.minAvailable) "") (ne (toString $budget.maxUnavailable) "") -}}
{{- fail (printf "%s.podDisruptionBudget has both minAvailable and maxUnavailable: Kubernetes takes one" $where) -}}
{{- end -}}
{{- $fewest := include "rollcall.fewest" $workload | int -}}
{{- $stay := toString $budget.minAvailable -}}
{{- $missing := toString $budget.maxUnavailable -}}
{{- $areAll := or (eq $stay "100%") (and (ne $stay "") (not (hasSuffix "%" $stay)) (ge (int $stay) $fewest)) -}}
{{- if and $budget.enabled (gt $fewest 1) (or $areAll (eq $missing "0") (eq $missing "0%")) -}}
{{- fail (printf "%s.podDisruptionBudget lets no pod go, so that no node could ever be drained: %s pods run at least, set minAvailable to fewer or maxUnavailable to 1" $where (toString $fewest)) -}}
{{- end -}}
{{- if and (ne $component "worker") (gt $most 1) -}}
{{- $alone = append $alone $component -}}
{{- end -}}
{{- end -}}
{{- if and $alone (not $values.redis.enabled) $counted -}}
{{- fail "several pods count limits together in Redis, and redis.enabled is false, so each tenant would get its budget from every pod: turn Redis on, run one pod, or set settings.limits.enabled to false" -}}
{{- end -}}
{{- if and $values.gateway.enabled (not $values.gateway.parentRefs) -}}
{{- fail "gateway.parentRefs is empty: name the Gateway that takes the route" -}}
{{- end -}}
{{- if and $values.ingress.wildcardTlsSecretName (not $values.baseDomain) -}}
{{- fail "ingress.wildcardTlsSecretName is for *.baseDomain, and baseDomain is empty: set it, or leave the Secret out" -}}
{{- end -}}
{{- if and $values.ingress.enabled $values.baseDomain $values.ingress.tlsSecretName (not $values.ingress.wildcardTlsSecretName) -}}
{{- fail "ingress.tlsSecretName has a certificate for one host, and with baseDomain every tenant has a host: set ingress.wildcardTlsSecretName too" -}}
{{- end -}}
{{- if and $values.split.enabled $routed (not $values.split.scimPathPattern) (not $values.baseDomain) -}}
{{- fail "split needs split.scimPathPattern to tell SCIM from the settings pages, or baseDomain, where each tenant has a host" -}}
{{- end -}}
{{- if and (not $values.metrics.enabled) (or $values.metrics.serviceMonitor.enabled $values.metrics.prometheusRule.enabled $values.metrics.dashboards.enabled) -}}
{{- fail "metrics.enabled is false, so there is nothing for serviceMonitor, prometheusRule and dashboards to show: turn metrics on or those off" -}}
{{- end -}}
{{- if and $values.metrics.enabled (eq (int $values.metrics.port) 8080) -}}
{{- fail "metrics.port is 8080, where pods serve people and identity providers: choose another" -}}
{{- end -}}
{{- end -}}
