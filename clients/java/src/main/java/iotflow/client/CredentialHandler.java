package iotflow.client;

/** Finds a new API key after the server has rejected the present one. */
@FunctionalInterface
public interface CredentialHandler {
  /**
   * Returns a new key, for example one that a person enters, or null where there is none. It may
   * take any time. The thread is interrupted when the writer is closed. While the server accepts
   * none of the answers, there are pauses between the calls, as between attempts to connect. What
   * it throws is logged, counts as null, and is named by the error of the calls.
   */
  String newKey(IotflowException rejected) throws InterruptedException;
}
