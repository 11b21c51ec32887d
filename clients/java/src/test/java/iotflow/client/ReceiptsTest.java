package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iotflow.v1.Command;
import iotflow.v1.StreamCommandsRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Results of commands, and what the server answers to them. */
@Timeout(60)
class ReceiptsTest {
  private static final int MOST = 1000;

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

  private void send(long id) {
    server.devices.commands.add(Command.newBuilder().setId(id).build());
  }

  /** In the second stream. */
  private void sendLater(long id) {
    send(0);
    send(id);
  }

  private List<Long> results(int count) throws InterruptedException {
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(server.devices.results.take().getCommandId());
    }
    return ids;
  }

  private static List<Long> between(long first, long last) {
    List<Long> ids = new ArrayList<>();
    for (long id = first; id <= last; id++) {
      ids.add(id);
    }
    return ids;
  }

  /** The results of the first stream get retryable receipts, after the last of which it ends. */
  @ParameterizedTest
  @ValueSource(ints = {2, MOST, MOST + 500})
  void newestResultsAreSentAgain(int commands) throws InterruptedException {
    between(1, commands).forEach(this::send);
    sendLater(commands + 1);
    server.devices.retryable.set(commands);
    try (Subscription handling = client.handleCommands(each -> Map.of())) {
      assertEquals(between(1, commands), results(commands));
      long forgotten = Math.max(0, commands - MOST);
      assertEquals(between(forgotten + 1, commands + 1), results((int) (commands + 1 - forgotten)));
    }
  }

  @Test
  void resultThatJsonCannotExpressFailsItsCommandAlone() throws InterruptedException {
    Map<String, Object> endless = new HashMap<>();
    endless.put("itself", endless);
    List<Map<String, ?>> outcomes =
        List.of(
            Map.of("level", Double.NaN),
            Map.of("level", List.of(Float.POSITIVE_INFINITY)),
            Map.of("name", "x\ud83d"),
            Map.of("x\ud83d", 1),
            Map.of("thread", Thread.currentThread()),
            endless,
            Map.of("level", 1));
    between(1, outcomes.size()).forEach(this::send);
    try (Subscription handling =
        client.handleCommands(each -> outcomes.get((int) each.getId() - 1))) {
      for (int i = 1; i < outcomes.size(); i++) {
        StreamCommandsRequest result = server.devices.results.take();
        assertEquals("failed", result.getState(), outcomes.get(i - 1).keySet().toString());
        assertEquals(1, result.getResult().getFieldsCount());
      }
      assertEquals("succeeded", server.devices.results.take().getState());
    }
  }

  @Test
  void commandWhoseResultIsRejectedFailsOnce() throws InterruptedException {
    server.devices.rejection = "WRONG";
    send(1);
    send(2);
    try (Subscription handling = client.handleCommands(each -> Map.of("level", 1))) {
      List<String> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        StreamCommandsRequest result = server.devices.results.take();
        answers.add(
            result.getCommandId() + " " + result.getState() + Structs.toMap(result.getResult()));
      }
      Collections.sort(answers);
      assertEquals(
          List.of(
              "1 failed{error=It is WRONG.}",
              "1 succeeded{level=1.0}",
              "2 failed{error=It is WRONG.}",
              "2 succeeded{level=1.0}"),
          answers);
    }
    assertEquals(0, server.devices.results.size());
  }

  /** The server takes 65,536 bytes of JSON, in which ü has 6 bytes and 😀 has 12. */
  @ParameterizedTest
  @CsvSource({
    "x, 65525",
    "<, 65525",
    "ü, 10920",
    "😀, 5460",
    "\u007f, 10920",
    "'\"', 32762",
    "'\n', 32762"
  })
  void resultHasAtMostWhatTheServerTakes(String letter, int most) throws InterruptedException {
    send(1);
    send(2);
    try (Subscription handling =
        client.handleCommands(
            each -> Map.of("text", letter.repeat(most + (int) each.getId() - 1)))) {
      assertEquals("succeeded", server.devices.results.take().getState());
      assertEquals("failed", server.devices.results.take().getState());
    }
  }

  @Test
  void messageOfAFailureIsCutOff() throws InterruptedException {
    send(1);
    try (Subscription handling =
        client.handleCommands(
            each -> {
              throw new IllegalStateException("ü".repeat(1_000_000));
            })) {
      Map<String, Object> result = Structs.toMap(server.devices.results.take().getResult());
      assertEquals(Map.of("error", "ü".repeat(4096)), result);
    }
  }

  @Test
  void messageOfAFailureMayHaveHalfOfASurrogatePair() throws InterruptedException {
    send(1);
    try (Subscription handling =
        client.handleCommands(
            each -> {
              throw new IllegalStateException("no \ud83d");
            })) {
      Map<String, Object> result = Structs.toMap(server.devices.results.take().getResult());
      assertEquals(Map.of("error", "no ?"), result);
    }
  }
}
