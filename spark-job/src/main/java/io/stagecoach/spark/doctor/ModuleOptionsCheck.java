package io.stagecoach.spark.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.launcher.JavaModuleOptions;

/** Whether Java opens to Spark, Arrow and Kryo the packages that Spark's own options open. */
final class ModuleOptionsCheck implements ProcessCheck {

  private static final Pattern OPENED = Pattern.compile("--add-opens=([\\w.]+)/([\\w.]+)=");

  /** Without these neither Arrow nor Spark's own blocks work; without others, some codecs. */
  private static final Set<String> NEEDED = Set.of("java.nio", "sun.nio.ch", "java.lang");

  /** A package that an option opens. */
  record Opened(String module, String name) {

    @Override
    public String toString() {
      return module + "/" + name;
    }

    /** Whether this process's code may reach into it; a module that is not there needs no key. */
    boolean isOpen() {
      Optional<Module> there = ModuleLayer.boot().findModule(module);
      return there.map(m -> m.isOpen(name, ModuleOptionsCheck.class.getModule())).orElse(true);
    }
  }

  @Override
  public String name() {
    return "module options";
  }

  @Override
  public Finding look(Here here) {
    return judge(opened(JavaModuleOptions.defaultModuleOptions()), Opened::isOpen, here.role());
  }

  static List<Opened> opened(String options) {
    List<Opened> all = new ArrayList<>();
    Matcher option = OPENED.matcher(options);
    while (option.find()) {
      all.add(new Opened(option.group(1), option.group(2)));
    }
    return all;
  }

  static Finding judge(List<Opened> wanted, Predicate<Opened> isOpen, String role) {
    List<Opened> closed = wanted.stream().filter(isOpen.negate()).toList();
    if (closed.isEmpty()) {
      return new Finding.Ok("all " + wanted.size() + " packages that Spark opens are open");
    }
    String found = "closed: " + String.join(", ", closed.stream().map(Opened::toString).toList());
    String remedy =
        "Add to spark."
            + role
            + ".extraJavaOptions: "
            + String.join(
                " ", closed.stream().map(p -> "--add-opens=" + p + "=ALL-UNNAMED").toList());
    return closed.stream().anyMatch(p -> NEEDED.contains(p.name()))
        ? new Finding.Trouble(found, remedy)
        : new Finding.Warn(found, remedy);
  }
}
