package io.stagecoach.spark.doctor;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which version of a library won on the class path, and from which jar: the job is built against
 * the one that Spark 3.5 ships.
 */
final class LibraryCheck implements ProcessCheck {

  static final LibraryCheck ARROW =
      new LibraryCheck(
          "Arrow",
          "12.0.1",
          List.of(
              "org.apache.arrow.vector.VectorSchemaRoot",
              "org.apache.arrow.memory.BufferAllocator",
              "org.apache.arrow.memory.NettyAllocationManager",
              "org.apache.arrow.flatbuf.Message"));

  static final LibraryCheck NETTY =
      new LibraryCheck(
          "Netty",
          "4.1.96.Final",
          List.of(
              "io.netty.util.Version",
              "io.netty.buffer.ByteBuf",
              "io.netty.channel.Channel",
              "io.netty.handler.codec.ByteToMessageDecoder"));

  private final String library;
  private final String built;
  private final List<String> classes;

  /**
   * @param library its name
   * @param built the version that the job is built against
   * @param classes one class of each of its jars
   */
  LibraryCheck(String library, String built, List<String> classes) {
    this.library = library;
    this.built = built;
    this.classes = classes;
  }

  @Override
  public String name() {
    return library;
  }

  @Override
  public Finding look(Here here) throws Exception {
    List<JarVersion> winners = new ArrayList<>();
    int copies = 0;
    for (String name : classes) {
      winners.add(JarVersion.of(name));
      copies = Math.max(copies, JarVersion.copies(name));
    }
    return judge(winners, copies);
  }

  /**
   * @param winners the jar that each class came from
   * @param copies how often the class that is there most often is on the class path
   */
  Finding judge(List<JarVersion> winners, int copies) {
    Set<String> versions = new LinkedHashSet<>();
    winners.forEach(jar -> versions.add(jar.version()));
    Set<JarVersion> jars = new LinkedHashSet<>(winners);
    String found =
        String.join(", ", versions)
            + " from "
            + (versions.size() == 1
                ? winners.get(0).jar()
                : String.join(", ", jars.stream().map(JarVersion::jar).toList()));
    if (versions.size() > 1) {
      return new Finding.Trouble(
          found,
          "Jars of one version only: take the others from --jars, --packages and the image.");
    }
    if (!versions.contains(built)) {
      return new Finding.Warn(
          found,
          "Built and tested with "
              + built
              + ", as in Spark 3.5.5: see whether --jars, --packages or userClassPathFirst bring"
              + " another.");
    }
    return copies > 1
        ? new Finding.Warn(
            found + ", and on the class path " + copies + " times",
            "Leave it to Spark: a jar that you add has it, too.")
        : new Finding.Ok(found);
  }
}
