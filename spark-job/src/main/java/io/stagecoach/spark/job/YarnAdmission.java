package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationsRequest;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.apache.hadoop.yarn.client.api.YarnClient;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.exceptions.YarnException;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wait until YARN starts an application of client mode. Spark itself waits without end while
 * its queue has no room for it; here the start is interrupted after a time, and the application is
 * withdrawn, so that YARN does not start it when nobody waits for it any more. With other masters
 * there is no such wait, and nothing is done.
 */
final class YarnAdmission implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(YarnAdmission.class);

  private static final String TAGS = "spark.yarn.tags";

  private final SparkConf settings;
  private final Duration deadline;
  private final String tag = "stagecoach-" + UUID.randomUUID();
  private final Thread starter = Thread.currentThread();
  private final Thread watchdog = new Thread(this::watch, "stagecoach-admission");
  private boolean isOver;
  private boolean isLate;

  private YarnAdmission(SparkConf settings, Duration deadline) {
    this.settings = settings;
    this.deadline = deadline;
  }

  /** Watches over what the calling thread does until this is closed: starting Spark. */
  static YarnAdmission watch(SparkConf settings, Duration deadline) {
    YarnAdmission admission = new YarnAdmission(settings, deadline);
    if (admission.isNeeded()) {
      // How the application is found again whose start has failed.
      String others = settings.get(TAGS, "");
      settings.set(TAGS, others.isEmpty() ? admission.tag : others + "," + admission.tag);
      admission.watchdog.setDaemon(true);
      admission.watchdog.start();
    }
    return admission;
  }

  private boolean isNeeded() {
    return settings.get("spark.master", "").equals("yarn")
        && settings.get("spark.submit.deployMode", "client").equals("client");
  }

  private synchronized void watch() {
    long end = System.nanoTime() + deadline.toNanos();
    try {
      while (!isOver) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          isLate = true;
          starter.interrupt();
          return;
        }
        wait(left / 1_000_000 + 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public synchronized void close() {
    isOver = true;
    notifyAll();
    if (isLate) {
      boolean unused = Thread.interrupted();
    }
  }

  /**
   * To be asked when Spark has not started: withdraws the application where YARN still has it.
   *
   * @return the error, if it was this watch that has ended the start
   */
  Optional<StagecoachException> failure(Exception cause) {
    if (!isNeeded()) {
      return Optional.empty();
    }
    close();
    Optional<String> known = withdraw();
    synchronized (this) {
      return isLate ? Optional.of(late(known, cause)) : Optional.empty();
    }
  }

  private StagecoachException late(Optional<String> diagnostics, Exception cause) {
    return new StagecoachException(
        ErrorKind.CLUSTER,
        "YARN did not start the application within "
            + deadline.toSeconds()
            + " s"
            + diagnostics.map(text -> "; it says: " + text).orElse(""),
        Where.nowhere(),
        "Look whether the queue "
            + settings.get("spark.yarn.queue", "default")
            + " has room for an application master (spark.yarn.am.memory and memoryOverhead), and"
            + " whether the resource manager can be reached. Or raise"
            + " spark.stagecoach.deadline.launch.",
        cause);
  }

  /** Takes the application back, and tells what YARN said of it. */
  private Optional<String> withdraw() {
    YarnConfiguration conf =
        new YarnConfiguration(SparkHadoopUtil.get().newConfiguration(settings));
    // It may be because there is no resource manager that nothing has started.
    conf.setLong(YarnConfiguration.RESOURCEMANAGER_CONNECT_MAX_WAIT_MS, 5_000);
    conf.setLong(YarnConfiguration.RESOURCEMANAGER_CONNECT_RETRY_INTERVAL_MS, 1_000);
    Optional<String> diagnostics = Optional.empty();
    try (YarnClient client = YarnClient.createYarnClient()) {
      client.init(conf);
      client.start();
      GetApplicationsRequest request = GetApplicationsRequest.newInstance();
      request.setApplicationTags(Set.of(tag));
      request.setApplicationStates(
          EnumSet.range(YarnApplicationState.NEW, YarnApplicationState.RUNNING));
      for (ApplicationReport application : client.getApplications(request)) {
        diagnostics =
            Optional.of(application.getDiagnostics().strip()).filter(text -> !text.isEmpty());
        client.killApplication(
            application.getApplicationId(), "Stagecoach withdrew it: Spark did not start");
      }
    } catch (IOException | YarnException | RuntimeException e) {
      LOG.warn("Whether YARN still has the application is not known: {}", e.toString());
    }
    return diagnostics;
  }
}
