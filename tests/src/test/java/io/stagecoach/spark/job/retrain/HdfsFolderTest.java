package io.stagecoach.spark.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lease and pointer of a model folder on HDFS, with a name node and a data node. */
class HdfsFolderTest {

  private static final int AT_ONCE = 6;
  private static final IntervalKey DAY = new IntervalKey("2026-11-19");

  /** So long that none is prolonged by itself. */
  private static final Duration DURATION = Duration.ofHours(1);

  @TempDir static Path directory;
  private static MiniDFSCluster hdfs;
  private static Configuration conf;

  @BeforeAll
  static void start() throws IOException {
    conf = new Configuration();
    conf.setBoolean("dfs.permissions.enabled", false);
    conf.set("dfs.datanode.hostname", "localhost");
    hdfs = new MiniDFSCluster.Builder(conf, directory.toFile()).numDataNodes(1).build();
    hdfs.waitActive();
  }

  @AfterAll
  static void stop() {
    hdfs.close();
  }

  private static FolderFiles folder(String name) throws IOException {
    return new HadoopFolderFiles(hdfs.getURI() + "/" + name, conf);
  }

  /** Does something several times in the same moment; the results of those that succeeded. */
  private static <T> List<T> atOnce(Class<? extends Exception> failure, Callable<T> work)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    CountDownLatch begin = new CountDownLatch(1);
    try {
      List<Future<Optional<T>>> all = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        all.add(
            threads.submit(
                () -> {
                  begin.await();
                  try {
                    return Optional.of(work.call());
                  } catch (Exception e) {
                    assertThat(e).isInstanceOf(failure);
                    return Optional.empty();
                  }
                }));
      }
      begin.countDown();
      List<T> done = new ArrayList<>();
      for (Future<Optional<T>> one : all) {
        one.get().ifPresent(done::add);
      }
      return done;
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void ofSeveralRunsAtOnceOneTakesTheLease() throws Exception {
    FolderFiles files = folder("lease");
    List<Lease> taken =
        atOnce(
            StagecoachException.class, () -> Lease.take(files, DAY, DURATION, Clock.systemUTC()));
    assertThat(taken).hasSize(1);
    taken.forEach(Lease::close);

    try (Lease first = Lease.take(files, DAY, DURATION, Clock.systemUTC())) {
      assertThatThrownBy(() -> Lease.take(files, DAY, DURATION, Clock.systemUTC()))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BUSY))
          .hasMessageContaining("it belongs to the run of interval 2026-11-19");
      first.renew();
      first.requireHeld();
      assertThat(files.list("lease")).hasSize(1);
    }
    assertThat(files.list("lease")).isEmpty();
  }

  @Test
  void ofSeveralPointersWithTheSameNumberOneIsInForceAndWhole() throws Exception {
    FolderFiles files = folder("models");
    String name = "accepted/0000000001.json";
    List<String> written =
        atOnce(
            FileAlreadyExistsException.class,
            () -> {
              String content = "{\"by\": \"" + Thread.currentThread().getName() + "\"}";
              files.commit(name, content.getBytes(StandardCharsets.UTF_8));
              return content;
            });
    assertThat(written).hasSize(1);
    assertThat(new String(files.read(name).orElseThrow(), StandardCharsets.UTF_8))
        .isEqualTo(written.get(0));
  }
}
