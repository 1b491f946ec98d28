#!/usr/bin/env bash
#
# Tells Spark which GPUs a host has, as JSON: spark.worker.resource.gpu.discoveryScript on a standalone worker,
# spark.executor.resource.gpu.discoveryScript on YARN and Kubernetes, or spark.stagecoach.gpu.find (docs/clusters.md).
#
# The addresses are the devices' UUIDs, not their indices: a container shows whatever device it has as 0, and CUDA takes
# either. Where there is none it says why on the standard error stream, and ends with 1.

set -euo pipefail

fail() {
  printf 'gpu-discovery.sh: %s\n' "$*" >&2
  exit 1
}

command -v nvidia-smi >/dev/null || fail "there is no nvidia-smi on the PATH on $HOSTNAME:" \
  "NVIDIA's driver is not installed, or not shown to this container"

# What it complains of is on the standard output stream.
uuids=$(nvidia-smi --query-gpu=uuid --format=csv,noheader) || fail "nvidia-smi failed: $uuids"

addresses=
while read -r uuid; do
  if [[ $uuid == GPU-* || $uuid == MIG-* ]]; then
    addresses+=${addresses:+, }\"$uuid\"
  fi
done <<<"$uuids"
[[ -n $addresses ]] || fail "nvidia-smi lists no device: $uuids"

printf '{"name": "gpu", "addresses": [%s]}\n' "$addresses"
