package io.stagecoach.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PictureRuleTest {

  @Test
  void everyFigureIsAGreyPictureThatIsBrighterOnItsLines() throws IOException {
    PictureRule rule = new PictureRule(7);
    int[] figures = new int[PictureRule.FIGURES.size()];
    for (long number = 0; number < 400; number++) {
      PictureRule.Picture picture = rule.picture(number);
      figures[picture.figure()]++;
      assertThat(rule.picture(number).png()).isEqualTo(picture.png());
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png()));
      assertThat(image.getWidth()).isEqualTo(PictureRule.SIDE);
      assertThat(image.getHeight()).isEqualTo(PictureRule.SIDE);
      assertThat(image.getRaster().getNumBands()).isOne();
      int bright = 0;
      for (int i = 0; i < PictureRule.SIDE * PictureRule.SIDE; i++) {
        int grey = image.getRaster().getSample(i % PictureRule.SIDE, i / PictureRule.SIDE, 0);
        bright += grey > 100 ? 1 : 0;
      }
      assertThat(bright).isBetween(8, PictureRule.SIDE * PictureRule.SIDE / 3);
    }
    for (int count : figures) {
      assertThat(count).isBetween(70, 130);
    }
  }
}
