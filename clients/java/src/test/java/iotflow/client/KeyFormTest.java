package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class KeyFormTest {
  private static final String NOWHERE = "127.0.0.1:1";

  private static void assertInvalid(String field, String secret, Executable giving) {
    IotflowException error = assertThrows(IotflowException.class, giving);
    assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
    assertEquals(field, error.field());
    assertFalse(error.isRetryable());
    assertTrue(secret.isEmpty() || !error.toString().contains(secret), "it contains the key");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "secret\n", "secret\r", " secret", "sec ret", "schlüssel", "a\u007f"})
  void otherCharactersAreAnErrorAtOnce(String secret) {
    ClientOptions options = new ClientOptions();
    assertInvalid("api_key", secret, () -> options.apiKey(secret));
    assertInvalid("token", secret, () -> options.token(secret));
    try (IotflowClient client = new IotflowClient(NOWHERE, options)) {
      assertInvalid("api_key", secret, () -> client.setApiKey(secret));
    }
  }

  @Test
  void lengthsAreBounded() {
    ClientOptions options = new ClientOptions();
    options.apiKey("~".repeat(128)).token("!".repeat(4096));
    assertInvalid("api_key", "~~", () -> options.apiKey("~".repeat(129)));
    assertInvalid("token", "!!", () -> options.token("!".repeat(4097)));
  }

  @Test
  void keyOfTheHandlerIsCheckedToo() throws IOException, InterruptedException {
    BlockingQueue<String> log = new LinkedBlockingQueue<>();
    try (TestServer server = new TestServer()) {
      server.key = "second";
      ClientOptions options =
          new ClientOptions()
              .apiKey("first")
              .onCredentialWanted(rejected -> "second\n")
              .eventLog((level, event, facts) -> log.add(event + " " + facts));
      try (IotflowClient client = new IotflowClient(server.target(), options)) {
        TelemetryWriter writer = client.newWriter(new WriterOptions());
        writer.add(Row.of("level", 1));
        assertInvalid("api_key", "second", writer::flush);
        assertThrows(IotflowException.class, writer::close);
      }
    }
    assertTrue(log.stream().noneMatch(each -> each.contains("second")), log.toString());
  }
}
