package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor on two executors, with settings that are wrong on the driver and on the executors. */
class DoctorIT {

  @TempDir Path directory;

  @Test
  void findsWhatIsWrongAndSaysWhatToSet() {
    Workshop workshop = new Workshop(directory);
    workshop.table(50);
    workshop.write("model.json", Workshop.classifier().toJson());
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.speculation", "true");
    settings.put("spark.executorEnv.OMP_NUM_THREADS", "64");

    StagecoachProcess.Outcome outcome = workshop.run("doctor", settings);

    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(33);
    JsonNode line = outcome.lastLine();
    assertThat(line.get("status").asText()).isEqualTo("failed");
    assertThat(line.get("kind").asText()).isEqualTo("unfit");
    assertThat(line.get("error").asText()).endsWith("1 error: Spark settings");
    assertThat(line.get("errors").asInt()).isEqualTo(1);
    assertThat(line.get("warnings").asInt()).isPositive();
    assertThat(outcome.out())
        .containsPattern("(?m)^Spark settings +driver +ERROR +spark\\.speculation is true")
        .containsPattern("(?m)^ +-> .*spark\\.speculation=false")
        .containsPattern("(?m)^threads +executor 0 .*; executor 1 .* WARN .*OMP_NUM_THREADS 64")
        .containsPattern("(?m)^native backend +(executor 0 .*; )?executor 1 .*GFLOP/s")
        .containsPattern(
            "(?m)^Arrow +driver; executor 0 .*; executor 1 .* OK +12\\.0\\.1 from arrow")
        .containsPattern("(?m)^network +between executors +(OK|WARN) .* MB/s|however large")
        .containsPattern("(?m)^executors +driver +OK +2 executors, 2 stages")
        .containsPattern("(?m)^batch store folder +everywhere +OK")
        .containsPattern("(?m)^output folder +driver +OK")
        .containsPattern("(?m)^spark\\.executor\\.memoryOverhead +\\d+m$")
        .containsPattern("(?m)^spark\\.executor\\.extraJavaOptions .*javacpp\\.maxbytes=\\d+m")
        .containsPattern("(?m)^spark\\.executorEnv\\.OMP_NUM_THREADS +1$");
    assertThat(directory.toFile().list())
        .as("nothing is left of the doctor's own files")
        .noneMatch(name -> name.startsWith(".stagecoach"));
    assertThat(workshop.path("out")).doesNotExist();
    assertThat(workshop.path("batches")).doesNotExist();
  }
}
