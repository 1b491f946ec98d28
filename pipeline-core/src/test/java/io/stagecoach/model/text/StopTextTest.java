package io.stagecoach.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class StopTextTest {

  /** However a text is cut into pieces, it ends where the first stop text is complete. */
  @Property(tries = 500)
  void endsBeforeTheStopThatIsCompleteFirst(
      @ForAll("pieces") List<String> pieces, @ForAll("stops") List<String> stops) {
    StopText stop = new StopText(stops);
    StringBuilder shown = new StringBuilder();
    for (String piece : pieces) {
      shown.append(stop.next(piece));
    }
    shown.append(stop.end());
    String text = String.join("", pieces);
    assertThat(text).startsWith(shown);
    boolean any = stops.stream().anyMatch(s -> !s.isEmpty() && text.contains(s));
    assertThat(stop.reached()).isEqualTo(any);
    assertThat(stops).noneMatch(s -> !s.isEmpty() && shown.toString().contains(s));
    if (any) {
      assertThat(stops).anyMatch(s -> !s.isEmpty() && text.startsWith(s, shown.length()));
    } else {
      assertThat(shown.toString()).isEqualTo(text);
    }
  }

  @Provide
  Arbitrary<List<String>> pieces() {
    return Arbitraries.strings().withChars('a', 'b').ofMaxLength(3).list().ofMaxSize(8);
  }

  @Provide
  Arbitrary<List<String>> stops() {
    return Arbitraries.strings().withChars('a', 'b').ofMaxLength(4).list().ofMaxSize(3);
  }

  @Example
  void holdsBackWhatMayBeAStop() {
    StopText stop = new StopText(List.of("\n\n", "END"));
    assertThat(stop.next("a\n")).isEqualTo("a");
    assertThat(stop.next("bE")).isEqualTo("\nb");
    assertThat(stop.next("ND, and more")).isEmpty();
    assertThat(stop.reached()).isTrue();
    assertThat(stop.next("x") + stop.end()).isEmpty();
  }
}
