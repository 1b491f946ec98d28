package io.stagecoach.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** What the built jar and the assembled Spark home hold. Runs after they are packaged. */
class PackagingIT {

  private static final Path JAR = Path.of(System.getProperty("stagecoach.jar"));
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

  @Test
  void noClassOfTheJarIsOneOfSparksToo() throws IOException {
    Set<String> ours =
        entries(JAR).stream().filter(PackagingIT::isClass).collect(Collectors.toSet());
    assertThat(ours).hasSizeGreaterThan(5000);
    Map<String, Set<String>> clashes = new TreeMap<>();
    for (Path jar : sparkJars()) {
      Set<String> both = new TreeSet<>(entries(jar));
      both.retainAll(ours);
      if (!both.isEmpty()) {
        clashes.put(jar.getFileName().toString(), both);
      }
    }
    assertThat(clashes).isEmpty();
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
