package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
  private static final String NOWHERE = "127.0.0.1:1";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "http://localhost:50051",
        "dns:///localhost:50051",
        "user@localhost:50051",
        "iot_server:50051",
        "::1:50051",
        "[::g]:50051",
        "[127.0.0.1]:50051"
      })
  void anotherFormIsAnErrorAtOnce(String target) {
    IotflowException error =
        assertThrows(
            IotflowException.class, () -> new IotflowClient(target, new ClientOptions()).close());
    assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
    assertEquals("target", error.field());
    assertFalse(error.isRetryable());
    assertTrue(error.getMessage().contains("host:port"), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:1",
        "iot-server.example.com:65535",
        "127.0.0.1:50051",
        "[2001:db8::1]:50051"
      })
  void nameOrAddressWithPortIsTarget(String target) {
    try (IotflowClient client = new IotflowClient(target, new ClientOptions())) {
      assertEquals(target, client.channel().authority());
    }
  }

  /** The connection may fail before, while or after the call starts. */
  @RepeatedTest(20)
  void errorOfConnectionNamesTargetAndCause() {
    IotflowException error = errorOf(NOWHERE, new ClientOptions());
    assertEquals(Status.Code.UNAVAILABLE, error.code());
    assertTrue(error.getMessage().contains(NOWHERE + " failed"), error.getMessage());
    assertTrue(error.getMessage().contains("Connection refused"), error.getMessage());
  }

  @Test
  void portOfAnotherProtocolIsUnavailable() throws IOException {
    try (ServerSocket port = new ServerSocket(0)) {
      Threads.start("other-protocol", () -> answerOtherwise(port));
      IotflowException error = errorOf("127.0.0.1:" + port.getLocalPort(), new ClientOptions());
      assertEquals(Status.Code.UNAVAILABLE, error.code());
      assertTrue(error.isRetryable());
    }
  }

  @Test
  void fileWithoutAuthoritiesIsNamed(@TempDir Path folder) throws IOException {
    File file = Files.writeString(folder.resolve("ca.crt"), "no certificate").toFile();
    ClientOptions options = new ClientOptions().tls(TlsFiles.authorities(file));
    IotflowException error = errorOf(NOWHERE, options);
    assertEquals(Status.Code.UNAVAILABLE, error.code());
    assertTrue(error.getMessage().startsWith("The files of TLS cannot be read"));
  }

  private static IotflowException errorOf(String target, ClientOptions options) {
    try (IotflowClient client = new IotflowClient(target, options)) {
      return assertThrows(IotflowException.class, () -> client.latest(1));
    }
  }

  private static void answerOtherwise(ServerSocket port) {
    try (Socket connection = port.accept()) {
      connection.getInputStream().read();
      connection.getOutputStream().write("SSH-2.0\r\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException gone) {
      // The client has closed the connection first.
    }
  }
}
