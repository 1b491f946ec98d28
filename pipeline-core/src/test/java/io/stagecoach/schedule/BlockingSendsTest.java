package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The schedules on real threads, with queues of one place between neighbours: what the validator
 * says of blocking sends, found out without it.
 */
class BlockingSendsTest {

  private static final long DEADLINE_SECONDS = 20;

  @Test
  void oneCreditIsEnough() throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      for (ScheduleAuthor author :
          List.of(new GPipe(), new OneForwardOneBackward(), new ForwardOnly())) {
        for (int stages = 1; stages <= 5; stages++) {
          for (int microBatches = 1; microBatches <= 9; microBatches++) {
            run(author.schedule(new PipelineShape(stages, microBatches)), threads);
          }
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void run(Schedule schedule, ExecutorService threads)
      throws InterruptedException, ExecutionException {
    Map<String, BlockingQueue<Integer>> links = new HashMap<>();
    for (int stage = 0; stage < schedule.stages() - 1; stage++) {
      links.put("activations from " + stage, new ArrayBlockingQueue<>(1));
      links.put("gradients to " + stage, new ArrayBlockingQueue<>(1));
    }
    List<Future<Integer>> done = new ArrayList<>();
    for (List<Action> actions : schedule.executors()) {
      done.add(threads.submit(walk(actions, links)));
    }
    for (int e = 0; e < done.size(); e++) {
      assertThat(done.get(e).get()).isEqualTo(schedule.executors().get(e).size());
    }
  }

  private static Callable<Integer> walk(
      List<Action> actions, Map<String, BlockingQueue<Integer>> links) {
    return () -> {
      int ran = 0;
      for (Action action : actions) {
        int stage = action.stage();
        if (action instanceof Action.SendActivations) {
          send(links.get("activations from " + stage), action);
        } else if (action instanceof Action.ReceiveActivations) {
          receive(links.get("activations from " + (stage - 1)), action);
        } else if (action instanceof Action.SendGradients) {
          send(links.get("gradients to " + (stage - 1)), action);
        } else if (action instanceof Action.ReceiveGradients) {
          receive(links.get("gradients to " + stage), action);
        }
        ran++;
      }
      return ran;
    };
  }

  private static void send(BlockingQueue<Integer> link, Action action) throws InterruptedException {
    assertThat(link.offer(action.microBatch(), DEADLINE_SECONDS, TimeUnit.SECONDS))
        .as(action.text())
        .isTrue();
  }

  private static void receive(BlockingQueue<Integer> link, Action action)
      throws InterruptedException {
    assertThat(link.poll(DEADLINE_SECONDS, TimeUnit.SECONDS))
        .as(action.text())
        .isEqualTo(action.microBatch());
  }
}
