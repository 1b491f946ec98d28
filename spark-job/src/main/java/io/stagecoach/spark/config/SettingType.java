package io.stagecoach.spark.config;

import io.stagecoach.checkpoint.Interval;
import io.stagecoach.engine.Recompute;
import io.stagecoach.plan.DeviceKind;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.plan.StagePin;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.apache.spark.network.util.ByteUnit;
import org.apache.spark.network.util.JavaUtils;

/**
 * How the value of a setting is read from text and written as text. {@link #format} and {@link
 * #parse} are inverse to each other.
 *
 * @param <T> the value's type
 */
public final class SettingType<T> {

  /** A time of a century; nanoseconds have room for three. */
  private static final Duration LONGEST = Duration.ofDays(36_525);

  private final String allowed;
  private final Function<String, T> parser;
  private final Function<T, String> formatter;

  private SettingType(String allowed, Function<String, T> parser, Function<T, String> formatter) {
    this.allowed = allowed;
    this.parser = parser;
    this.formatter = formatter;
  }

  /** What is allowed, as the end of the sentence "allowed is …". */
  public String allowed() {
    return allowed;
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException where the text is not allowed; the caller says which key
   */
  public T parse(String text) {
    return parser.apply(text);
  }

  /** The value as a user would write it. */
  public String format(T value) {
    return formatter.apply(value);
  }

  static SettingType<Integer> integer(int from, int to) {
    return new SettingType<>(
        range("a whole number", from, to, Integer.MAX_VALUE),
        text -> (int) within(Long.parseLong(text.trim()), from, to),
        String::valueOf);
  }

  /** An exit code that neither Spark, nor a kind of error, nor a signal has; or 0. */
  static SettingType<Integer> ownExitCode() {
    return new SettingType<>(
        "0, or a whole number from 60 to 125",
        text -> {
          int code = Integer.parseInt(text.trim());
          require(code == 0 || (code >= 60 && code <= 125));
          return code;
        },
        String::valueOf);
  }

  static SettingType<Long> longInteger(long from, long to) {
    return new SettingType<>(
        from == Long.MIN_VALUE ? "a whole number" : range("a whole number", from, to, to),
        text -> within(Long.parseLong(text.trim()), from, to),
        String::valueOf);
  }

  /** A real number from {@code from} (allowed) to {@code to} (not allowed). */
  static SettingType<Double> real(double from, double to) {
    String allowed =
        to == Double.POSITIVE_INFINITY
            ? "a number, at least " + plain(from)
            : "a number, at least " + plain(from) + " and below " + plain(to);
    return new SettingType<>(
        allowed,
        text -> {
          double value = Double.parseDouble(text.trim());
          require(value >= from && value < to);
          return value;
        },
        SettingType::plain);
  }

  /** A share of which something must be left, all included. */
  static SettingType<Double> positiveShare() {
    return new SettingType<>(
        "a number above 0, at most 1",
        text -> {
          double value = Double.parseDouble(text.trim());
          require(value > 0 && value <= 1);
          return value;
        },
        SettingType::plain);
  }

  static SettingType<Boolean> bool() {
    return new SettingType<>(
        "true or false",
        text -> {
          String word = text.trim();
          require("true".equalsIgnoreCase(word) || "false".equalsIgnoreCase(word));
          return Boolean.valueOf(word);
        },
        String::valueOf);
  }

  static SettingType<String> text() {
    return new SettingType<>("any text", Function.identity(), Function.identity());
  }

  /** A text that is not blank, such as a name or a path; blanks around it do not count. */
  static SettingType<String> word(String allowed) {
    return new SettingType<>(
        allowed,
        text -> {
          require(!text.isBlank());
          return text.trim();
        },
        Function.identity());
  }

  static SettingType<List<String>> words(String allowed) {
    return new SettingType<>(
        allowed,
        text -> {
          List<String> words = Arrays.stream(text.split(",", -1)).map(String::trim).toList();
          require(words.stream().noneMatch(String::isEmpty));
          require(words.stream().distinct().count() == words.size());
          return words;
        },
        words -> String.join(",", words));
  }

  /** Height and width of an image, both or neither. */
  static SettingType<List<Integer>> imageSize() {
    return new SettingType<>(
        "height and width with a comma between, such as 28,28",
        text -> {
          if (text.isEmpty()) {
            return List.of();
          }
          List<Integer> size =
              Arrays.stream(text.split(",", -1)).map(part -> Integer.valueOf(part.trim())).toList();
          require(size.size() == 2 && size.stream().allMatch(side -> side > 0));
          return size;
        },
        size -> size.stream().map(String::valueOf).collect(Collectors.joining(",")));
  }

  /** The first layer of each stage; none for no cut. */
  static SettingType<List<Integer>> cut() {
    return new SettingType<>(
        "the first layer of each stage with commas between, such as 0,4,9",
        text -> {
          if (text.isEmpty()) {
            return List.of();
          }
          List<Integer> firstLayers =
              Arrays.stream(text.split(",", -1)).map(part -> Integer.valueOf(part.trim())).toList();
          require(firstLayers.stream().allMatch(layer -> layer >= 0));
          return firstLayers;
        },
        firstLayers -> firstLayers.stream().map(String::valueOf).collect(Collectors.joining(",")));
  }

  /** What stages keep: one word for all of them, or one for each. */
  static SettingType<List<Recompute>> recompute() {
    return new SettingType<>(
        "none, stage, or one of these for each stage with commas between, such as stage,none",
        text ->
            Arrays.stream(text.split(",", -1))
                .map(
                    word ->
                        Arrays.stream(Recompute.values())
                            .filter(kind -> kind.name().equalsIgnoreCase(word.strip()))
                            .findFirst()
                            .orElseThrow(() -> new IllegalArgumentException(word)))
                .toList(),
        kinds ->
            kinds.stream()
                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(",")));
  }

  /** Layers and the stages that they are wanted in. */
  static SettingType<List<PinnedLayers>> pinnedLayers() {
    return new SettingType<>(
        "layers and a stage with a colon between, and commas between such pins, as 0-3:0,12:2 or"
            + " embedding:0",
        text ->
            pins(text, pin -> pin.lastIndexOf(':')).stream()
                .map(pin -> new PinnedLayers(pin[0], (int) within(Long.parseLong(pin[1]), 0, 4095)))
                .toList(),
        pins -> pins.stream().map(PinnedLayers::words).collect(Collectors.joining(",")));
  }

  /** Stages and the hosts or kinds of device that they are wanted on. */
  static SettingType<List<StagePin>> pinnedStages() {
    return new SettingType<>(
        "a stage and a host, cpu or gpu with a colon between, and commas between such pins, as"
            + " 0:host-a,2:gpu",
        text ->
            pins(text, pin -> pin.indexOf(':')).stream()
                .map(
                    pin ->
                        new StagePin((int) within(Long.parseLong(pin[0]), 0, 4095), target(pin[1])))
                .toList(),
        pins -> pins.stream().map(StagePin::words).collect(Collectors.joining(",")));
  }

  private static StagePin.Target target(String word) {
    return Arrays.stream(DeviceKind.values())
        .filter(kind -> kind.word().equalsIgnoreCase(word))
        .findFirst()
        .<StagePin.Target>map(StagePin.Kind::new)
        .orElseGet(() -> new StagePin.Host(word));
  }

  /**
   * The two sides of each pin.
   *
   * @param colonOf where the colon between them is; names of layers and addresses may have some too
   */
  private static List<String[]> pins(String text, ToIntFunction<String> colonOf) {
    return text.isBlank()
        ? List.of()
        : Arrays.stream(text.split(",", -1))
            .map(
                pin -> {
                  int colon = colonOf.applyAsInt(pin);
                  require(colon >= 0);
                  String[] sides = {
                    pin.substring(0, colon).strip(), pin.substring(colon + 1).strip()
                  };
                  require(!sides[0].isEmpty() && !sides[1].isEmpty());
                  return sides;
                })
            .toList();
  }

  /** One of some words. */
  static SettingType<String> oneOf(List<String> words) {
    return new SettingType<>(
        "one of " + String.join(", ", words),
        text ->
            words.stream()
                .filter(word -> word.equalsIgnoreCase(text.strip()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(text)),
        Function.identity());
  }

  /** One of the constants of an enum, by the word that users write. */
  static <E extends Enum<E>> SettingType<E> choice(Class<E> constants, Function<E, String> word) {
    List<E> all = List.of(constants.getEnumConstants());
    return new SettingType<>(
        all.stream().map(word).collect(Collectors.joining(", ", "one of ", "")),
        text ->
            all.stream()
                .filter(constant -> word.apply(constant).equalsIgnoreCase(text.trim()))
                .findFirst()
                .orElseThrow(IllegalArgumentException::new),
        word);
  }

  /** A time in Spark's syntax ({@code 30s}, {@code 10min}); a bare number means seconds. */
  static SettingType<Duration> duration(Duration from) {
    return new SettingType<>(
        "a time such as 500ms, 30s, 10min or 2h"
            + (from.isZero() ? "" : ", at least " + time(from)),
        text -> {
          String word = text.trim();
          Duration value =
              word.chars().allMatch(Character::isDigit)
                  ? Duration.ofSeconds(Long.parseLong(word))
                  : Duration.ofMillis(JavaUtils.timeStringAs(word, TimeUnit.MILLISECONDS));
          require(value.compareTo(from) >= 0 && value.compareTo(LONGEST) <= 0);
          return value;
        },
        SettingType::time);
  }

  /** A number of steps, or a time in Spark's syntax. */
  static SettingType<Interval> interval() {
    return new SettingType<>(
        "a number of steps, or a time such as 30s, 10min or 2h; 0 is never",
        text -> {
          String word = text.trim();
          return word.chars().allMatch(Character::isDigit)
              ? Interval.ofSteps(Long.parseLong(word))
              : Interval.of(Duration.ofMillis(JavaUtils.timeStringAs(word, TimeUnit.MILLISECONDS)));
        },
        value -> value.time().isZero() ? String.valueOf(value.steps()) : time(value.time()));
  }

  /** A point in time, in UTC where it says no offset; a day alone is its first moment. */
  static SettingType<Instant> instant() {
    return new SettingType<>(
        "a time such as 2026-11-19, 2026-11-19T06:30:00 or 2026-11-19T06:30:00+01:00, in UTC where"
            + " it says nothing else",
        text -> {
          String word = text.trim().replace(' ', 'T');
          try {
            TemporalAccessor time =
                (word.contains("T")
                        ? DateTimeFormatter.ISO_DATE_TIME
                        : DateTimeFormatter.ISO_LOCAL_DATE)
                    .parseBest(word, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
            return time instanceof OffsetDateTime offset
                ? offset.toInstant()
                : time instanceof LocalDateTime local
                    ? local.toInstant(ZoneOffset.UTC)
                    : LocalDate.from(time).atStartOfDay().toInstant(ZoneOffset.UTC);
          } catch (DateTimeException malformed) {
            throw new IllegalArgumentException(malformed);
          }
        },
        Instant::toString);
  }

  /** A size in Spark's syntax ({@code 64k}, {@code 8g}); a bare number means bytes. */
  static SettingType<DataSize> size(DataSize from, DataSize to) {
    return new SettingType<>(
        "a size such as 512k, 64m or 8g"
            + (from.isZero() ? "" : ", at least " + from)
            + (to.bytes() == Long.MAX_VALUE ? "" : ", at most " + to),
        text -> {
          long bytes = JavaUtils.byteStringAs(text.trim(), ByteUnit.BYTE);
          return new DataSize(within(bytes, from.bytes(), to.bytes()));
        },
        DataSize::toString);
  }

  /**
   * What devices may hold: a size for all, others by host or kind of device; 0 is no limit, auto
   * its own room.
   */
  static SettingType<DeviceMemory> deviceMemory() {
    return new SettingType<>(
        "a size such as 512k or 8g, or auto, and others for cpu, gpu or hosts behind it, with commas"
            + " between, as 8g,gpu:auto,host-a:4g",
        SettingType::deviceMemory,
        memory -> memory.words(SettingType::limit));
  }

  private static DeviceMemory deviceMemory(String text) {
    long others = DeviceLimits.UNLIMITED;
    Map<StagePin.Target, Long> named = new LinkedHashMap<>();
    String[] parts = text.split(",", -1);
    for (int i = 0; i < parts.length; i++) {
      // A host's address may have colons too.
      int colon = parts[i].lastIndexOf(':');
      if (colon < 0) {
        require(i == 0);
        others = limit(parts[i]);
      } else {
        StagePin.Target target = target(parts[i].substring(0, colon).strip());
        StagePin.Target plain =
            target instanceof StagePin.Host host ? StagePin.Host.inLowerCase(host.name()) : target;
        require(named.put(plain, limit(parts[i].substring(colon + 1))) == null);
      }
    }
    return new DeviceMemory(others, named);
  }

  private static long limit(String text) {
    if (OrAuto.WORD.equalsIgnoreCase(text.strip())) {
      return DeviceMemory.OWN;
    }
    long bytes = JavaUtils.byteStringAs(text.strip(), ByteUnit.BYTE);
    return bytes == 0 ? DeviceLimits.UNLIMITED : within(bytes, 1, Long.MAX_VALUE);
  }

  private static String limit(long bytes) {
    return bytes == DeviceMemory.OWN
        ? OrAuto.WORD
        : new DataSize(bytes == DeviceLimits.UNLIMITED ? 0 : bytes).toString();
  }

  /** A value that may be absent, which is written as the empty text. */
  static <T> SettingType<Optional<T>> optional(SettingType<T> type) {
    return new SettingType<>(
        type.allowed,
        text -> text.isEmpty() ? Optional.empty() : Optional.of(type.parse(text)),
        value -> value.map(type::format).orElse(""));
  }

  /** A value, or the word that leaves it to the run. */
  static <T> SettingType<OrAuto<T>> orAuto(SettingType<T> type) {
    return new SettingType<>(
        type.allowed + ", or " + OrAuto.WORD,
        text ->
            OrAuto.WORD.equalsIgnoreCase(text.strip())
                ? OrAuto.auto()
                : OrAuto.of(type.parse(text)),
        value -> value.format(type::format));
  }

  private static String range(String what, long from, long to, long open) {
    return what + (to == open ? ", at least " + from : " from " + from + " to " + to);
  }

  private static long within(long value, long from, long to) {
    require(value >= from && value <= to);
    return value;
  }

  private static void require(boolean allowed) {
    if (!allowed) {
      throw new IllegalArgumentException();
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }

  private static String time(Duration value) {
    long millis = value.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    return seconds % 60 != 0 || seconds == 0 ? seconds + "s" : seconds / 60 + "min";
  }
}
