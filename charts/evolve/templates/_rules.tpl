{{/*
Every right of the operator, each with the reason why. A test runs the operator with these rights and no others.
*/}}

{{/* To see bots and what was made for them, and to say how they are. Nothing here reads a Secret or makes a pod. */}}
{{- define "evolve.rules.see" -}}
# The bots to look after.
- apiGroups: [evolveai.dev]
  resources: [evolvebots]
  verbs: [list, watch]
# How a bot is.
- apiGroups: [evolveai.dev]
  resources: [evolvebots/status]
  verbs: [patch]
# What changed in a bot's life, for `kubectl describe`; an event that repeats is counted by a patch.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# What was made for bots: what somebody changes or deletes is mended at once. Pods tell why they do not start.
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, persistentvolumeclaims, services, pods]
  verbs: [list, watch]
# The same; ReplicaSets hold the pod templates that a roll-back goes back to.
- apiGroups: [apps]
  resources: [deployments, replicasets]
  verbs: [list, watch]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [list, watch]
# Where the cluster has these kinds.
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [list, watch]
- apiGroups: [monitoring.coreos.com]
  resources: [servicemonitors, prometheusrules]
  verbs: [list, watch]
{{- end -}}

{{/* To run bots. Who may make Deployments can read every Secret of their namespace by way of a pod; so this is given where
bots live, and not elsewhere. */}}
{{- define "evolve.rules.run" -}}
# The Secrets that a bot names are read for the hash that rolls its pods when they change; one with generated keys is made,
# and completed when a key is missing; so is the copy of the encryption key, which outlives the bot. Never deleted: without
# that key nobody can read what the database holds. List and watch are of metadata only, which RBAC cannot say.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
# The ConfigMaps that a bot names, such as its prompt; and the one with its configuration.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch, delete]
# Who the pods are, and where they are reached. Get, here and below: before an object is made, whether somebody else has
# one of its name.
- apiGroups: [""]
  resources: [serviceaccounts, services]
  verbs: [get, create, patch, delete]
# Where backups go. Never deleted: they are for the day when the bot is gone by mistake.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, create, patch]
# API and bot.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, create, patch, delete]
# Migrations and backups.
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, create, patch, delete]
# How many pods, and how few.
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, create, patch, delete]
# Who may reach the pods, and the way in for Telegram's webhook.
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, create, patch, delete]
# What Prometheus asks, and when it wakes somebody.
- apiGroups: [monitoring.coreos.com]
  resources: [servicemonitors, prometheusrules]
  verbs: [get, create, patch, delete]
# What a bot owns names it as an owner that waits for it. Clusters that check this (OwnerReferencesPermissionEnforcement,
# as OpenShift does) want this right for it.
- apiGroups: [evolveai.dev]
  resources: [evolvebots/finalizers]
  verbs: [update]
{{- end -}}
