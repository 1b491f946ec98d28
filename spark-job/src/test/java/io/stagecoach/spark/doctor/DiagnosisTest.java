package io.stagecoach.spark.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.spark.cluster.EveryExecutor.Answer;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.LocalSpark;
import io.stagecoach.spark.doctor.Diagnosis.Row;
import io.stagecoach.spark.doctor.OffHeapLimitCheck.Limits;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.network.util.JavaUtils;
import org.junit.jupiter.api.Test;

/** How findings come together, and what is advised. */
class DiagnosisTest {

  private static final long MIB = 1L << 20;

  private static Row row(String check, String where, Finding finding) {
    return new Row(check, where, finding);
  }

  @Test
  void sameFindingsShareALine() {
    Finding fine = new Finding.Ok("17");
    Finding bad = new Finding.Trouble("21", "Take 17.");
    List<Row> rows =
        Diagnosis.merged(
            List.of(
                row("Java", "driver", fine),
                row("Java", "executor 0", bad),
                row("Java", "executor 1", fine)));
    assertThat(rows)
        .containsExactly(row("Java", "driver; executor 1", fine), row("Java", "executor 0", bad));

    SettingsAdvice none = new SettingsAdvice(new SparkConf(false), conf(), ModelNeed.NONE, 0, 0);
    Diagnosis diagnosis = new Diagnosis(rows, none);
    assertThat(diagnosis.errors()).isEqualTo(1);
    assertThat(diagnosis.warnings()).isZero();
    assertThat(diagnosis.table().lines())
        .containsExactly(
            "check  where                      found, and what to do",
            "Java   driver; executor 1  OK     17",
            "Java   executor 0          ERROR  21",
            "                                  -> Take 17.");
  }

  @Test
  void anExecutorsAnswerIsReadAsItWasGiven() {
    LocalSpark.session();
    Examination examination = new Examination(1, 0);
    ExecutorState read = Examination.read(new Answer("7 on host", examination.answer()));
    assertThat(read.place()).isEqualTo("7 on host");
    assertThat(read.findings().keySet())
        .containsExactlyElementsOf(Checks.OF_PROCESSES.stream().map(Check::name).toList());
    assertThat(read.findings().get("Java")).isInstanceOf(Finding.Ok.class);
    assertThat(read.memoryBeside()).isPositive();
  }

  @Test
  void namesAreDifferent() {
    assertThat(
            Stream.concat(Checks.OF_PROCESSES.stream(), Checks.OF_THE_APPLICATION.stream())
                .map(Check::name))
        .doesNotHaveDuplicates();
  }

  @Test
  void whatIsAdvisedPassesTheChecks() {
    SparkConf given =
        new SparkConf(false)
            .setMaster("yarn")
            .set("spark.executor.memory", "2g")
            .set("spark.executor.cores", "4")
            .set(
                "spark.executor.extraJavaOptions",
                "-Dmine=1 -Dorg.bytedeco.javacpp.maxbytes=1m -Dorg.bytedeco.javacpp.maxphysicalbytes=2m");
    ModelNeed need = new ModelNeed(900 * MIB, 300 * MIB);
    Map<String, String> advice =
        new SettingsAdvice(given, conf(), need, 333 * MIB, 222 * MIB).settings();

    assertThat(advice)
        .containsEntry("spark.executor.instances", "3")
        .containsEntry("spark.executor.cores", "4")
        .containsEntry("spark.executorEnv.OMP_NUM_THREADS", "4")
        .containsEntry("spark.executor.memory", "2048m")
        // 900 and a quarter are 1,125, and 333: in steps of 128.
        .containsEntry("spark.executor.memoryOverhead", "1536m")
        .containsEntry(
            "spark.executor.extraJavaOptions",
            "-Dmine=1 -Dorg.bytedeco.javacpp.maxbytes=1152m"
                + " -Dorg.bytedeco.javacpp.maxphysicalbytes=3584m")
        .containsEntry("spark.dynamicAllocation.enabled", "false")
        .containsEntry("spark.speculation", "false");

    advice.forEach(given::set);
    assertThat(MemoryOverheadCheck.judge(given, need, 333 * MIB)).isInstanceOf(Finding.Ok.class);
    assertThat(SparkSettingsCheckup.judge(given, 3)).isInstanceOf(Finding.Ok.class);
    for (String role : List.of("driver", "executor")) {
      String options = advice.get("spark." + role + ".extraJavaOptions");
      Here here =
          role.equals("driver")
              ? new Here(Here.DRIVER, given, 0, need.driverBytes())
              : new Here("0 on host", given, 0, need.executorBytes());
      Limits limits =
          new Limits(limit(options, "maxbytes"), limit(options, "maxphysicalbytes"), true);
      assertThat(
              OffHeapLimitCheck.judge(
                  here, limits, given.getSizeAsBytes("spark." + role + ".memory")))
          .isInstanceOf(Finding.Ok.class);
    }
  }

  private static long limit(String options, String name) {
    return JavaUtils.byteStringAsBytes(
        options.replaceAll(".*\\.javacpp\\." + name + "=(\\S+).*", "$1"));
  }

  private static StagecoachConf conf() {
    return StagecoachConf.from(new SparkConf(false).set("spark.stagecoach.stages", "3"));
  }
}
