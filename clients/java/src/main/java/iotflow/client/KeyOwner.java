package iotflow.client;

import iotflow.v1.DeviceServiceGrpc;
import iotflow.v1.SendHeartbeatRequest;
import iotflow.v1.Words;
import java.util.concurrent.TimeUnit;

/** Asks the server whose a key is, once for each key. */
final class KeyOwner {
  private static final long ANSWER_SECONDS = 15;

  private final DeviceServiceGrpc.DeviceServiceBlockingStub stub;
  private String asked = "";
  private int device;

  KeyOwner(Connection connection) {
    stub = DeviceServiceGrpc.newBlockingStub(connection);
  }

  /** Returns the id of the device. */
  synchronized int deviceOf(Credentials.Key key) {
    if (!key.text.equals(asked)) {
      device = ask(key);
      asked = key.text;
    }
    return device;
  }

  private int ask(Credentials.Key key) {
    SendHeartbeatRequest request = IotflowClient.heartbeatRequest(Words.Presence.ONLINE);
    DeviceServiceGrpc.DeviceServiceBlockingStub bounded =
        stub.withOption(Credentials.KEY, key).withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
    return Reading.call(() -> bounded.sendHeartbeat(request)).getDeviceId();
  }
}
