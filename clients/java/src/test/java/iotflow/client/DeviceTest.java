package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import iotflow.v1.Command;
import iotflow.v1.RegisterDeviceRequest;
import iotflow.v1.StreamCommandsRequest;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceTest {
  private TestServer server;
  private IotflowClient client;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer();
    client = server.client();
  }

  @AfterEach
  void stop() throws InterruptedException {
    client.close();
    server.close();
  }

  @Test
  void keysAreUsedFromThenOn() {
    client.register(RegisterDeviceRequest.newBuilder().setName("boiler").build());
    client.heartbeat("online");
    String[] saved = {""};
    client.rotateKey(apiKey -> saved[0] = apiKey);
    assertEquals("second", saved[0]);
    client.heartbeat("online");
  }

  @Test
  void keyThatIsNotSavedIsNotUsed() {
    IllegalStateException full =
        assertThrows(
            IllegalStateException.class,
            () ->
                client.rotateKey(
                    apiKey -> {
                      throw new IllegalStateException("The disk is full.");
                    }));
    assertEquals("The disk is full.", full.getMessage());
    IotflowException failure =
        assertThrows(IotflowException.class, () -> client.heartbeat("online"));
    assertEquals(Status.Code.UNAUTHENTICATED, failure.code());
  }

  @Test
  void heartbeatSetsTheClock() {
    server.time = 1_000_000_000_000L;
    client.clock().synchronize();
    long now = client.clock().now().orElseThrow().toEpochMilli();
    assertTrue(Math.abs(now - server.time) < 60_000);
  }

  @Test
  void answerMayHave64Mebibytes() {
    server.devices.message = "x".repeat((64 << 20) - 100);
    assertEquals(server.devices.message.length(), client.heartbeat("online").getMessage().length());
  }

  @Test
  void repeatedCommandIsHandledOnceAndAnsweredTwice() throws InterruptedException {
    Command command = Command.newBuilder().setId(1).setName("blink").build();
    server.devices.commands.add(command);
    server.devices.commands.add(command);
    BlockingQueue<String> handled = new LinkedBlockingQueue<>();
    try (Subscription commands =
        client.handleCommands(
            each -> {
              handled.add(each.getName());
              return Map.of("times", 3);
            })) {
      StreamCommandsRequest result = server.devices.results.take();
      assertEquals("succeeded", result.getState());
      assertEquals(3, result.getResult().getFieldsOrThrow("times").getNumberValue());
    }
    assertEquals(1, handled.size());
  }

  @Test
  void failureOfHandlerIsReported() throws InterruptedException {
    server.devices.commands.add(Command.newBuilder().setId(1).build());
    try (Subscription commands =
        client.handleCommands(
            each -> {
              throw new IllegalStateException("no power");
            })) {
      StreamCommandsRequest result = server.devices.results.take();
      assertEquals("failed", result.getState());
      assertEquals("no power", result.getResult().getFieldsOrThrow("error").getStringValue());
    }
  }

  @Test
  void configIsHandedOver() throws Exception {
    BlockingQueue<DesiredConfig> configs = new LinkedBlockingQueue<>();
    Subscription watching = client.watchConfig(configs::add);
    DesiredConfig config = configs.take();
    assertEquals(7, config.version());
    assertEquals(Map.of("interval", 10.0), config.desired());
    watching.close();
    watching.ended().get(20, TimeUnit.SECONDS);
  }

  @Test
  void permanentErrorEndsSubscription() {
    server.failures.add(Details.error(Status.Code.PERMISSION_DENIED, "WRONG_ROLE", false));
    Subscription watching = client.watchConfig(config -> {});
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> watching.ended().get(20, TimeUnit.SECONDS));
    IotflowException error = (IotflowException) failure.getCause();
    assertEquals(Status.Code.PERMISSION_DENIED, error.code());
  }

  @Test
  void closedClientMakesNoCalls() {
    client.close();
    IotflowException failure =
        assertThrows(IotflowException.class, () -> client.heartbeat("online"));
    assertEquals(Status.Code.FAILED_PRECONDITION, failure.code());
  }
}
