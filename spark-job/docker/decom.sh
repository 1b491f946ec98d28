#!/usr/bin/env bash
#
# What Kubernetes runs in an executor's container before it ends it, where spark.decommission.enabled is true
# (spark.kubernetes.decommission.script). The executor tells the driver that it goes, which moves its stages between two
# steps; then it ends by itself. When the pod's grace period is over, Kubernetes ends it anyhow.

set -euo pipefail

pid=$(<"${TMPDIR:-/tmp}/executor.pid")
kill -PWR "$pid" 2>/dev/null || exit 0
while kill -0 "$pid" 2>/dev/null; do
  sleep 0.2
done
