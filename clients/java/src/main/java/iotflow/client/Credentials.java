package iotflow.client;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** The credentials of the next call. */
final class Credentials {
  /** Waits between questions for a key. */
  interface Pause {
    void pass(Duration time) throws InterruptedException;
  }

  /** A key, and how many there were before it. */
  static final class Key {
    final String text;
    final int generation;

    private Key(String text, int generation) {
      this.text = text;
      this.generation = generation;
    }
  }

  /** Lets a call have this key, also where there is a newer one when it starts. */
  static final CallOptions.Key<Key> KEY = CallOptions.Key.create("iotflow-key");

  private static final Metadata.Key<String> API_KEY =
      Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final String token;
  private final CredentialHandler handler;
  private final Pause pause;

  /** Held by the thread that asks the application. */
  private final ReentrantLock asking = new ReentrantLock();

  private String apiKey;
  private int generation;

  /** Whether the key is an answer of the handler that the server has not accepted yet. */
  private boolean unproven;

  /** Those between questions, while the server accepts no answer. */
  private final Backoff pauses = new Backoff();

  Credentials(String apiKey, String token, CredentialHandler handler) {
    this(apiKey, token, handler, time -> TimeUnit.NANOSECONDS.sleep(time.toNanos()));
  }

  Credentials(String apiKey, String token, CredentialHandler handler, Pause pause) {
    this.apiKey = apiKey;
    this.token = token;
    this.handler = handler;
    this.pause = pause;
  }

  /** Takes a key of the application. */
  synchronized void replace(String newKey) {
    take(KeyForm.checkedKey(newKey), false);
    pauses.reset();
  }

  private synchronized void take(String newKey, boolean isUnproven) {
    apiKey = newKey;
    generation++;
    unproven = isUnproven;
  }

  /**
   * Records that the server accepts the key of a generation: the next question comes without a
   * pause.
   */
  synchronized void accepted(int usedGeneration) {
    if (usedGeneration == generation) {
      unproven = false;
      pauses.reset();
    }
  }

  /** Counts the keys. */
  synchronized int generation() {
    return generation;
  }

  synchronized Key key() {
    return new Key(apiKey, generation);
  }

  /** chosen: the key of the call, or null for the present one. */
  synchronized void attach(Metadata headers, Key chosen) {
    String key = chosen == null ? apiKey : chosen.text;
    if (!key.isEmpty()) {
      headers.put(API_KEY, key);
    }
    if (!token.isEmpty()) {
      headers.put(AUTHORIZATION, "Bearer " + token);
    }
  }

  /**
   * Tells whether there is a newer key than the rejected one, which it asks for if need be. Callers
   * of the same key ask once. Fails where the handler does, or where its answer is no key.
   */
  boolean renew(int rejectedGeneration, IotflowException rejected) {
    try {
      asking.lockInterruptibly();
      try {
        return generation() != rejectedGeneration || ask(rejectedGeneration, rejected);
      } finally {
        asking.unlock();
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean ask(int rejectedGeneration, IotflowException rejected)
      throws InterruptedException {
    if (handler == null) {
      return false;
    }
    if (isUnproven()) {
      pause.pass(pauses.next(rejected.retryAfter()));
    }
    if (generation() != rejectedGeneration) {
      // The application has replaced it during the pause.
      return true;
    }
    String newKey = handler.newKey(rejected);
    if (newKey == null || newKey.isEmpty()) {
      return false;
    }
    take(KeyForm.checkedKey(newKey), true);
    return true;
  }

  private synchronized boolean isUnproven() {
    return unproven;
  }
}
