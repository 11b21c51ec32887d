package iotflow.client;

/**
 * Keeps batches from the key of another device. A batch that names no device is stored as one of
 * the key's device. Only the thread that sends uses it.
 */
final class QueueOwner {
  /** The folder of the queue, or null: one in memory ends with its program. */
  private final QueueFolder folder;

  private final KeyOwner keys;

  /** The device of the batches up to `until` that name none. 0: of none yet. */
  private int device;

  private long until;
  private String key = "";

  /** Whether it is not known yet whose the key is. */
  private boolean asks;

  QueueOwner(QueueFolder folder, KeyOwner keys) {
    this.folder = folder;
    this.keys = keys;
    device = folder == null ? 0 : folder.device();
    until = folder == null ? 0 : folder.last();
  }

  /** A stream with this key begins, when the queue had batches up to the sequence `last`. */
  void begin(Credentials.Key next, long last) {
    if (folder == null || next.text.isEmpty()) {
      return;
    }
    if (next.text.equals(key)) {
      recordAgain();
      return;
    }
    if (!key.isEmpty() && !asks) {
      until = last;
    }
    key = next.text;
    asks = true;
  }

  /** Whether {@link #ask} must be called before this batch is sent. */
  boolean mustAsk(byte[] payload) {
    return asks && !Records.namesDevice(payload);
  }

  /** Asks whose the key is. Fails where the batch of this sequence is another device's. */
  void ask(Credentials.Key next, long sequence) {
    int found = keys.deviceOf(next);
    if (device != 0 && device != found && sequence <= until) {
      throw ofAnotherDevice(found);
    }
    device = found;
    folder.record(device);
    asks = false;
  }

  /** A full disk is no reason to send nothing, and has room again when a batch is acknowledged. */
  private void recordAgain() {
    if (!asks) {
      folder.record(device);
    }
  }

  private IotflowException ofAnotherDevice(int found) {
    String message =
        String.format(
            "The folder %s has batches of device %d, and the key is that of device %d. Send them"
                + " with a key of device %d, or give device %d another folder.",
            folder.path(), device, found, device, found);
    return IotflowException.precondition(IotflowException.QUEUE_OF_ANOTHER_DEVICE, message, null);
  }
}
