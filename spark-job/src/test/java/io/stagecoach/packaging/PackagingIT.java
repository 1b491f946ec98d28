package io.stagecoach.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** What the built jar and the assembled Spark home hold. Runs after they are packaged. */
class PackagingIT {

  private static final Path JAR = Path.of(System.getProperty("stagecoach.jar"));
  private static final Path ALSO_IN_SPARK = Path.of("src/test/packaging/also-in-spark.txt");
  private static final Path SPARK_HOME = Path.of(System.getProperty("spark.home.directory"));

  private static Set<String> entries(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream()
          .filter(entry -> !entry.isDirectory())
          .map(ZipEntry::getName)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static String text(String entry) throws IOException {
    try (JarFile file = new JarFile(JAR.toFile())) {
      ZipEntry found = file.getEntry(entry);
      assertThat(found).as(entry).isNotNull();
      return new String(file.getInputStream(found).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static List<Path> sparkJars() throws IOException {
    try (Stream<Path> jars = Files.list(SPARK_HOME.resolve("jars"))) {
      return jars.sorted().toList();
    }
  }

  private static boolean isClass(String entry) {
    return entry.endsWith(".class") && !entry.startsWith("META-INF/");
  }

  private static String packageOf(String entry) {
    return entry.substring(0, Math.max(0, entry.lastIndexOf('/')));
  }

  /** Packages, classes and other files that the jar and Spark's jars both have, a line each. */
  private static SortedSet<String> alsoInSpark() throws IOException {
    Set<String> ours = entries(JAR);
    Set<String> packages =
        ours.stream()
            .filter(PackagingIT::isClass)
            .map(PackagingIT::packageOf)
            .collect(Collectors.toSet());
    SortedSet<String> both = new TreeSet<>();
    for (Path jar : sparkJars()) {
      for (String entry : entries(jar)) {
        if (ours.contains(entry)) {
          both.add((isClass(entry) ? "class " : "file ") + entry);
        }
        if (isClass(entry) && packages.contains(packageOf(entry))) {
          both.add("package " + packageOf(entry));
        }
      }
    }
    return both;
  }

  /**
   * Whichever comes first on the class path would win, so there is no class among them; the rest is
   * kept in a list, so that nothing joins it unseen.
   */
  @Test
  void whatSparkHasTooIsWhatTheListSays() throws IOException {
    assertThat(entries(JAR).stream().filter(PackagingIT::isClass)).hasSizeGreaterThan(5000);
    assertThat(sparkJars()).hasSizeGreaterThan(100);
    SortedSet<String> now = alsoInSpark();
    assertThat(now).noneMatch(line -> line.startsWith("class "));
    List<String> kept = Files.readAllLines(ALSO_IN_SPARK);
    if (Boolean.getBoolean("stagecoach.regenerate")) {
      List<String> lines =
          new ArrayList<>(kept.stream().filter(line -> line.startsWith("#")).toList());
      lines.addAll(now);
      Files.write(ALSO_IN_SPARK, lines);
      return;
    }
    assertThat(now)
        .as("%s; its head says how it is made anew", ALSO_IN_SPARK)
        .containsExactlyElementsOf(kept.stream().filter(line -> !line.startsWith("#")).toList());
  }

  @Test
  void theJarHasWhatTheClusterLacks() throws IOException {
    assertThat(entries(JAR))
        .contains(
            "io/stagecoach/engine/StageModule.class",
            "org/deeplearning4j/nn/multilayer/MultiLayerNetwork.class",
            "org/deeplearning4j/nn/modelimport/keras/preprocessors/TensorFlowCnnToFeedForwardPreProcessor.class",
            "org/nd4j/linalg/factory/Nd4j.class",
            "io/stagecoach/shaded/picocli/CommandLine.class");
    assertThat(text("META-INF/services/org.nd4j.linalg.factory.Nd4jBackend"))
        .contains("org.nd4j.linalg.cpu.nativecpu.CpuBackend");
  }

  @Test
  void noSignatureNorModuleNorForeignVersionIsLeft() throws IOException {
    assertThat(entries(JAR))
        .noneMatch(name -> name.endsWith("module-info.class"))
        .noneMatch(name -> name.matches("META-INF/[^/]*\\.(SF|DSA|RSA)"))
        .noneMatch(name -> name.startsWith("META-INF/versions/"));
  }

  @Test
  void nativeLibrariesOfNd4jAreOfOnePlatform() throws IOException {
    Set<String> platforms =
        entries(JAR).stream()
            .filter(name -> name.startsWith("org/bytedeco/openblas/"))
            .filter(name -> name.contains("/lib"))
            .map(name -> name.replaceFirst("org/bytedeco/openblas/([^/]+)/.*", "$1"))
            .collect(Collectors.toSet());
    assertThat(platforms).hasSize(1);
  }

  @Test
  void licencesAreKept() throws IOException {
    assertThat(text("META-INF/LICENSE")).contains("Apache License");
    assertThat(text("META-INF/NOTICE") + text("META-INF/NOTICE.txt")).isNotBlank();
  }

  /** A jar left over from an earlier version would be on the class path beside the new one. */
  @Test
  void theSparkHomeHasEveryArtifactOnce() throws IOException {
    Set<String> names = new HashSet<>();
    Set<String> twice = new TreeSet<>();
    for (Path jar : sparkJars()) {
      String name =
          jar.getFileName().toString().replaceFirst("-\\d.*?(-(linux|osx)-\\w+)?\\.jar$", "$1");
      if (!names.add(name)) {
        twice.add(name);
      }
    }
    assertThat(twice).as("more than one version: delete the folder and build again").isEmpty();
    assertThat(names).contains("spark-core_2.12", "log4j-slf4j2-impl", "slf4j-api");
  }
}
