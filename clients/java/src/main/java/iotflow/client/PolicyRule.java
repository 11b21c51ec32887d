package iotflow.client;

/** What a policy does with a batch for which there is no room. */
final class PolicyRule {
  /** Who wants the batch in the queue: a caller that adds, one that flushes, or its age. */
  enum Cause {
    ADD,
    FLUSH,
    AGE
  }

  enum Decision {
    WAIT,
    REFUSE,
    DROP_OLDEST,
    DROP_NEW,
    /** The batch stays open, and is tried again later. */
    LEAVE
  }

  private PolicyRule() {}

  static Decision decide(QueuePolicy policy, Obstacle obstacle, Cause cause) {
    switch (policy) {
      case DROP_OLDEST:
        return Decision.DROP_OLDEST;
      case DROP_NEWEST:
        return Decision.DROP_NEW;
      case SAMPLE:
        return obstacle.isFull() ? waitOr(Decision.LEAVE, cause) : Decision.DROP_NEW;
      case REFUSE:
        return waitOr(Decision.REFUSE, cause);
      default:
        return waitOr(Decision.WAIT, cause);
    }
  }

  /** A flush waits with every policy that drops nothing, and the age of a batch with none. */
  private static Decision waitOr(Decision ofAdd, Cause cause) {
    if (cause == Cause.ADD) {
      return ofAdd;
    }
    return cause == Cause.FLUSH ? Decision.WAIT : Decision.LEAVE;
  }
}
