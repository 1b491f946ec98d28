package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.report.ProfileJson;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an earlier run has measured, so that this one need not.
 *
 * @param profile the times
 * @param place where they are
 */
record KnownProfile(RunProfile profile, String place) {

  private static final Logger LOG = LoggerFactory.getLogger(KnownProfile.class);

  KnownProfile {
    // Executors of the same names may be anywhere now.
    profile = profile.between(List.of());
  }

  /**
   * The profile that the settings name, or else one in the output folder, or beside the model that
   * is trained on, that was measured under the same conditions. Of one that was not, the log says
   * what differs.
   *
   * @param model the layers now
   * @param now the conditions that count
   * @throws StagecoachException CONFIGURATION where the file that the settings name is no profile
   *     of such layers
   */
  static Optional<KnownProfile> look(
      StagecoachConf conf, Configuration hadoop, ModelCosts model, Map<String, String> now) {
    if (conf.profileFile().isPresent()) {
      return Optional.of(named(conf.profileFile().get(), hadoop, model, now));
    }
    return conf.profileReuse()
        ? places(conf).stream()
            .map(place -> kept(place, hadoop, now))
            .flatMap(Optional::stream)
            .findFirst()
        : Optional.empty();
  }

  private static KnownProfile named(
      String file, Configuration hadoop, ModelCosts model, Map<String, String> now) {
    RunProfile profile;
    try {
      profile = ProfileJson.read(read(new Path(file), hadoop));
    } catch (IOException | IllegalArgumentException | StagecoachException e) {
      throw refused(file, "cannot be read: " + e.getMessage(), e);
    }
    List<String> theirs = kinds(profile.model());
    List<String> ours = kinds(model);
    if (!theirs.equals(ours)) {
      throw refused(file, "is of layers " + theirs + ", and the model has " + ours, null);
    }
    List<String> differences = profile.differences(now);
    if (!differences.isEmpty()) {
      LOG.warn("The times in {} may not be those of this run: {}", file, text(differences));
    }
    return new KnownProfile(profile, file);
  }

  private static StagecoachException refused(String file, String why, Exception cause) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        "The profile " + file + " " + why,
        Where.nowhere(),
        "Name the profile.json of a run of this model in "
            + Settings.PROFILE_FILE.key()
            + ", or leave it out.",
        cause);
  }

  private static List<String> kinds(ModelCosts model) {
    return model.layers().stream().map(LayerCost::kind).toList();
  }

  private static Set<Path> places(StagecoachConf conf) {
    Set<Path> places = new LinkedHashSet<>();
    conf.outputPath().ifPresent(folder -> places.add(new Path(folder, RunReporting.PROFILE)));
    conf.modelFrom()
        .map(Path::new)
        .map(model -> model.getName().endsWith(".zip") ? model.getParent() : model)
        .ifPresent(folder -> places.add(new Path(folder, RunReporting.PROFILE)));
    return places;
  }

  private static Optional<KnownProfile> kept(
      Path place, Configuration hadoop, Map<String, String> now) {
    try {
      FileSystem files = place.getFileSystem(hadoop);
      if (!files.exists(place)) {
        return Optional.empty();
      }
      RunProfile profile = ProfileJson.read(read(place, hadoop));
      List<String> differences = new ArrayList<>(profile.differences(now));
      if (DeviceTimes.differ(profile.devices())) {
        differences.add("executors differed, and may be others now");
      }
      if (profile.pairsDiffer()) {
        differences.add("hops between executors differed, which may be others now");
      }
      if (differences.isEmpty()) {
        return Optional.of(new KnownProfile(profile, place.toString()));
      }
      LOG.info("The times in {} are not used: {}", place, text(differences));
    } catch (IOException | IllegalArgumentException | StagecoachException e) {
      // It was only to save time.
      LOG.info("The times in {} are not used: {}", place, e.getMessage());
    }
    return Optional.empty();
  }

  private static String read(Path file, Configuration hadoop) throws IOException {
    try (InputStream in = file.getFileSystem(hadoop).open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String text(List<String> differences) {
    return String.join("; ", differences);
  }

  /** A line for people. */
  String line() {
    return "the times of layers and hops in " + place + ", which are not measured again";
  }
}
