package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.job.retrain.IntervalKey;
import io.stagecoach.spark.job.retrain.IntervalSettings;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.dataformat.yaml.YAMLFactory;
import picocli.CommandLine;

/** What the schedules in conf/ start is what the job understands. */
class RetrainingSchedulesTest {

  private static final Path CONF = Path.of("..", "conf");
  private static final String MAIN = Main.class.getName();

  /** Runs the DAG with modules of Airflow's names, and prints what its operator is given. */
  private static final String DAG_WITHOUT_AIRFLOW =
      """
      import json, sys, types

      class Dag:
          def __init__(self, **arguments):
              pass
          def __enter__(self):
              return self
          def __exit__(self, *error):
              pass

      def operator(**arguments):
          print(json.dumps(arguments))

      for name in ("airflow", "airflow.providers", "airflow.providers.apache",
                   "airflow.providers.apache.spark", "airflow.providers.apache.spark.operators",
                   "airflow.providers.apache.spark.operators.spark_submit"):
          sys.modules[name] = types.ModuleType(name)
      sys.modules["airflow"].DAG = Dag
      sys.modules[name].SparkSubmitOperator = operator
      with open(sys.argv[1] + "/retraining_dag.py") as file:
          text = file.read()
      home = 'HOME = "/opt/stagecoach"'
      assert home in text
      text = text.replace(home, "HOME = " + repr(sys.argv[1] + "/.."))
      exec(compile(text, "retraining_dag.py", "exec"))
      """;

  private static SparkConf settings(Map<?, ?> entries) {
    SparkConf settings = new SparkConf(false);
    entries.forEach((key, value) -> settings.set(key.toString(), value.toString()));
    return settings;
  }

  /** As spark-submit reads it. */
  private static SparkConf properties(String name) throws IOException {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(CONF.resolve(name))) {
      properties.load(in);
    }
    return settings(properties);
  }

  private static void assertUnderstood(List<String> arguments, SparkConf settings) {
    CommandLine retrain = new CommandLine(new RetrainCommand());
    assertThat(Main.class.getAnnotation(CommandLine.Command.class).subcommands())
        .contains(RetrainCommand.class);
    assertThat(arguments.get(0)).isEqualTo(retrain.getCommandName());
    String interval =
        retrain
            .parseArgs(arguments.subList(1, arguments.size()).toArray(String[]::new))
            .matchedOptionValue("--interval", "");
    IntervalSettings.requireInterval(settings);
    IntervalSettings.fill(settings, IntervalKey.parse(interval, Clock.systemUTC()));
    StagecoachConf conf = StagecoachConf.from(settings);
    assertThat(conf.retrainFolder()).isPresent();
    assertThat(conf.dataFilter().orElseThrow()).doesNotContain("{");
  }

  /** A scheduler puts a day where it has a template of one. */
  private static String filled(String argument) {
    return argument.replaceAll("\\{\\{ .* }}|\\$\\(date [^)]*\\)", "2026-11-19");
  }

  @Test
  void theCronEntry() throws IOException {
    String entry =
        Files.readAllLines(CONF.resolve("retraining.cron")).stream()
            .filter(line -> !line.startsWith("#"))
            .findFirst()
            .orElseThrow();
    Matcher matcher =
        Pattern.compile(
                "(?:\\S+ ){5}cd \\S+ && spark-job/bin/stagecoach (\\S+) --properties-file conf/(\\S+) -- (.*) >> .*")
            .matcher(filled(entry));
    assertThat(matcher.matches()).as(entry).isTrue();
    assertUnderstood(
        List.of((matcher.group(1) + " " + matcher.group(3)).split(" ", -1)),
        properties(matcher.group(2)));
  }

  @Test
  void theAirflowDag() throws IOException {
    String dag = Files.readString(CONF.resolve("retraining_dag.py"));
    assertThat(dag).contains("java_class=\"" + MAIN + "\"");
    assertThat(dag).contains("conf=settings(f\"{HOME}/conf/retraining.properties\")");
    Matcher list = Pattern.compile("application_args=\\[(.*)\\]").matcher(dag);
    assertThat(list.find()).isTrue();
    assertUnderstood(
        Pattern.compile("\"([^\"]*)\"")
            .matcher(list.group(1))
            .results()
            .map((MatchResult text) -> filled(text.group(1)))
            .toList(),
        properties("retraining.properties"));
  }

  /** Python reads it, and gives the operator the settings that spark-submit would read. */
  @Test
  void theAirflowDagIsAProgram() throws Exception {
    Process python;
    try {
      python =
          new ProcessBuilder("python3", "-c", DAG_WITHOUT_AIRFLOW, CONF.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException none) {
      Assumptions.abort("there is no python3: " + none.getMessage());
      return;
    }
    JsonNode operator = new ObjectMapper().readTree(python.getInputStream().readAllBytes());
    assertThat(python.waitFor()).isZero();
    Map<?, ?> conf = new ObjectMapper().convertValue(operator.get("conf"), Map.class);
    assertThat(settings(conf).getAll())
        .containsExactlyInAnyOrder(properties("retraining.properties").getAll());
    assertThat(operator.get("java_class").asText()).isEqualTo(MAIN);
    assertThat(operator.get("application_args")).hasSize(3);
  }

  @Test
  void theSparkOperatorsManifest() throws IOException {
    ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
    JsonNode manifest = yaml.readTree(CONF.resolve("retraining-schedule.yaml").toFile());
    assertThat(manifest.get("kind").asText()).isEqualTo("ScheduledSparkApplication");
    JsonNode application = manifest.get("spec").get("template");
    assertThat(application.get("mainClass").asText()).isEqualTo(MAIN);
    List<?> arguments = yaml.convertValue(application.get("arguments"), List.class);
    SparkConf settings = settings(yaml.convertValue(application.get("sparkConf"), Map.class));
    assertThat(application.get("executor").get("instances").asInt())
        .isEqualTo(StagecoachConf.from(settings).stages());
    assertUnderstood(arguments.stream().map(Object::toString).toList(), settings);
  }
}
