package io.stagecoach.spark.doctor;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/**
 * The jar that a class was loaded from.
 *
 * @param jar its file name
 * @param version as its manifest says; {@code unknown} where it does not
 */
record JarVersion(String jar, String version) {

  private static final String UNKNOWN = "unknown";

  /**
   * The one of this class.
   *
   * @throws ClassNotFoundException if nothing on the class path has it
   */
  static JarVersion of(String name) throws ClassNotFoundException {
    Class<?> found = Class.forName(name, false, JarVersion.class.getClassLoader());
    CodeSource source = found.getProtectionDomain().getCodeSource();
    if (source == null) {
      return new JarVersion("?", UNKNOWN);
    }
    Path jar = Path.of(URI.create(source.getLocation().toString()));
    return new JarVersion(String.valueOf(jar.getFileName()), version(jar));
  }

  /** Of the jar itself: a package that is in several jars has the version of one of them. */
  private static String version(Path jar) {
    try (JarFile file = new JarFile(jar.toFile())) {
      Manifest manifest = file.getManifest();
      String version =
          manifest == null
              ? null
              : manifest.getMainAttributes().getValue(Attributes.Name.IMPLEMENTATION_VERSION);
      return version == null ? UNKNOWN : version;
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  /** How many places of the class path have this class. */
  static int copies(String name) throws IOException {
    Enumeration<?> all =
        JarVersion.class.getClassLoader().getResources(name.replace('.', '/') + ".class");
    Set<Object> places = new LinkedHashSet<>(Collections.list(all));
    return places.size();
  }
}
