package io.stagecoach.benchmarks;

import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/**
 * Stages that take known times: each pass occupies the stage's thread as long as the model says,
 * without computing, and what crosses a cut has as many bytes as it says. So it can be seen how far
 * a pipeline is from what the simulator says, with nothing else at work.
 */
public final class TimedEngine implements StageEngine {

  static final String NAME = "timed";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public StageModule open(StageSpec spec) {
    return new TimedModule(spec, TimedModel.parse(spec.model()));
  }

  /** Writes a jar of the engine, for executors, whose class path has nothing of this program. */
  static Path jar(Path folder) {
    Path jar = folder.resolve("timed-engine.jar");
    List<Class<?>> classes = List.of(TimedEngine.class, TimedModule.class, TimedModel.class);
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Class<?> type : classes) {
        String entry = type.getName().replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(entry));
        try (InputStream in = type.getClassLoader().getResourceAsStream(entry)) {
          in.transferTo(out);
        }
      }
      out.putNextEntry(new JarEntry("META-INF/services/" + StageEngine.class.getName()));
      out.write(TimedEngine.class.getName().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return jar;
  }
}
