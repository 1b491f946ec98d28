"""Retrains every night on the day before. A day that failed is run again; days that were missed are caught up in order."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

HOME = "/opt/stagecoach"


def settings(path):
    """The settings in a properties file: a key, blanks, a value."""
    with open(path) as lines:
        return dict(line.split(None, 1) for line in map(str.strip, lines) if line and not line.startswith("#"))


with DAG(
    dag_id="stagecoach_retraining",
    schedule="15 2 * * *",
    start_date=datetime(2026, 11, 1),
    catchup=True,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10), "depends_on_past": True},
) as dag:
    SparkSubmitOperator(
        task_id="retrain",
        conn_id="spark_default",
        application=f"{HOME}/stagecoach.jar",
        java_class="io.stagecoach.spark.job.Main",
        conf=settings(f"{HOME}/conf/retraining.properties"),
        application_args=["retrain", "--interval", "{{ macros.ds_add(data_interval_end | ds, -1) }}"],
    )
