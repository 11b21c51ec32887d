package iotflow.client;

import io.grpc.Metadata;
import java.util.concurrent.locks.ReentrantLock;

/** The credentials of the next call. */
final class Credentials {
  private static final Metadata.Key<String> API_KEY =
      Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final String token;
  private final CredentialHandler handler;

  /** Held by the thread that asks the application. */
  private final ReentrantLock asking = new ReentrantLock();

  private String apiKey;
  private int generation;

  Credentials(String apiKey, String token, CredentialHandler handler) {
    this.apiKey = apiKey;
    this.token = token;
    this.handler = handler;
  }

  synchronized void replace(String newKey) {
    apiKey = newKey;
    generation++;
  }

  /** Counts the keys. */
  synchronized int generation() {
    return generation;
  }

  synchronized void attach(Metadata headers) {
    if (!apiKey.isEmpty()) {
      headers.put(API_KEY, apiKey);
    }
    if (!token.isEmpty()) {
      headers.put(AUTHORIZATION, "Bearer " + token);
    }
  }

  /**
   * Tells whether there is a newer key than the rejected one, which it asks for if need be. Callers
   * of the same key ask once.
   */
  boolean renew(int rejectedGeneration, IotflowException rejected) {
    try {
      asking.lockInterruptibly();
      try {
        return generation() != rejectedGeneration || ask(rejected);
      } finally {
        asking.unlock();
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean ask(IotflowException rejected) throws InterruptedException {
    String newKey = handler == null ? null : handler.newKey(rejected);
    if (newKey == null || newKey.isEmpty()) {
      return false;
    }
    replace(newKey);
    return true;
  }
}
