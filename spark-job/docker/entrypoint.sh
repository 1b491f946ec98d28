#!/usr/bin/env bash
#
# What a container of the image runs: `driver` and `executor`, as Spark's Kubernetes scheduler starts them, or any other
# command as it is. Spark sets the environment variables; those that it reads of an image of its own mean the same here.

set -euo pipefail

: "${SPARK_HOME:=/opt/spark}"
export SPARK_HOME
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"

# What follows SPARK_JAVA_OPT_0, SPARK_JAVA_OPT_1, … in the environment, in the order of their numbers.
java_options() {
  local name i
  for ((i = 0; ; i++)); do
    name=SPARK_JAVA_OPT_$i
    [[ -v $name ]] || return 0
    options+=("${!name}")
  done
}

class_path() {
  local path=${SPARK_CONF_DIR:-$SPARK_HOME/conf}
  path+=${HADOOP_CONF_DIR:+:$HADOOP_CONF_DIR}
  path+=${SPARK_CLASSPATH:+:$SPARK_CLASSPATH}
  path+=":$SPARK_HOME/jars/*"
  path+=${SPARK_EXTRA_CLASSPATH:+:$SPARK_EXTRA_CLASSPATH}
  printf '%s' "$path"
}

case ${1:-} in
  driver)
    shift
    exec "$SPARK_HOME/bin/spark-submit" --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" --deploy-mode client "$@"
    ;;
  executor)
    options=()
    java_options
    # For decom.sh.
    echo $$ >"${TMPDIR:-/tmp}/executor.pid"
    exec "$java" ${options[@]+"${options[@]}"} "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
      -cp "$(class_path)" org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
      --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
  *)
    exec "$@"
    ;;
esac
