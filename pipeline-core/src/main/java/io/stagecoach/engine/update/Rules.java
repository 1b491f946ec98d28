package io.stagecoach.engine.update;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.AdaMax;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;

/** The rules of DL4J's updaters; their schedules of rates and momentum are DL4J's own. */
final class Rules {

  /** A step: what a configuration's schedules go by. */
  private record Step(IUpdater updater, int iteration, int epoch) {

    double rate() {
      return updater.getLearningRate(iteration, epoch);
    }

    Moments moments(double beta1, double beta2, double epsilon) {
      return new Moments(rate(), beta1, beta2, epsilon, iteration);
    }
  }

  private static final Map<Class<? extends IUpdater>, Function<Step, Rule>> KNOWN =
      Map.ofEntries(
          Map.entry(NoOp.class, step -> new GradientRule()),
          Map.entry(Sgd.class, step -> new SgdRule(step.rate())),
          Map.entry(Nesterovs.class, step -> nesterovs(step, (Nesterovs) step.updater())),
          Map.entry(Adam.class, step -> new AdamRule(adam(step, (Adam) step.updater()))),
          Map.entry(
              AMSGrad.class, step -> new AmsGradRule(amsGrad(step, (AMSGrad) step.updater()))),
          Map.entry(AdaMax.class, step -> new AdaMaxRule(adaMax(step, (AdaMax) step.updater()))),
          Map.entry(Nadam.class, step -> new NadamRule(nadam(step, (Nadam) step.updater()))),
          Map.entry(AdaDelta.class, step -> adaDelta((AdaDelta) step.updater())),
          Map.entry(AdaGrad.class, step -> adaGrad(step, (AdaGrad) step.updater())),
          Map.entry(RmsProp.class, step -> rmsProp(step, (RmsProp) step.updater())));

  private Rules() {}

  /** The rule of an updater at a step; none for one that is not DL4J's own. */
  static Optional<Rule> of(IUpdater updater, int iteration, int epoch) {
    return Optional.ofNullable(KNOWN.get(updater.getClass()))
        .map(rule -> rule.apply(new Step(updater, iteration, epoch)));
  }

  private static Rule nesterovs(Step step, Nesterovs updater) {
    return new NesterovsRule(step.rate(), updater.currentMomentum(step.iteration(), step.epoch()));
  }

  private static Moments adam(Step step, Adam updater) {
    return step.moments(updater.getBeta1(), updater.getBeta2(), updater.getEpsilon());
  }

  private static Moments amsGrad(Step step, AMSGrad updater) {
    return step.moments(updater.getBeta1(), updater.getBeta2(), updater.getEpsilon());
  }

  private static Moments adaMax(Step step, AdaMax updater) {
    return step.moments(updater.getBeta1(), updater.getBeta2(), updater.getEpsilon());
  }

  private static Moments nadam(Step step, Nadam updater) {
    return step.moments(updater.getBeta1(), updater.getBeta2(), updater.getEpsilon());
  }

  private static Rule adaDelta(AdaDelta updater) {
    return new AdaDeltaRule(updater.getRho(), updater.getEpsilon());
  }

  private static Rule adaGrad(Step step, AdaGrad updater) {
    return new SquaresRule(step.rate(), Rounded.ONE, Rounded.ONE, updater.getEpsilon());
  }

  private static Rule rmsProp(Step step, RmsProp updater) {
    Rounded decay = Rounded.of(updater.getRmsDecay());
    return new SquaresRule(step.rate(), decay, decay.rest(), updater.getEpsilon());
  }
}
