package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import iotflow.v1.Device;
import iotflow.v1.RegisterDeviceRequest;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs what README.md shows. */
@Timeout(60)
class ReadmeTest {
  @Test
  void firstReading() throws Exception {
    try (TestServer server = new TestServer()) {
      String target = server.target();
      String key = "key";
      WriterOptions options = new WriterOptions().onInterrupted(System.err::println);
      try (IotflowClient client = new IotflowClient(target, new ClientOptions().apiKey(key));
          TelemetryWriter writer = client.newWriter(options)) {
        writer.add(Row.of("temperature", 21.5));
      }
      try (IotflowClient client = server.client()) {
        assertEquals(Map.of("temperature", 21.5), client.latest(1).values());
      }
    }
  }

  /** The program starts twice. */
  @Test
  void registration() throws Exception {
    Map<String, String> settings = new HashMap<>();
    try (TestServer server = new TestServer()) {
      String target = server.target();
      for (int start = 0; start < 2; start++) {
        if (!settings.containsKey("key")) {
          try (IotflowClient client = new IotflowClient(target, new ClientOptions())) {
            RegisterDeviceRequest.Builder request = RegisterDeviceRequest.newBuilder();
            request.setName("boiler 1").setDeviceType("sensor");
            Device device = client.register(request.build());
            settings.put("key", device.getApiKey());
          }
        }
        assertEquals(Map.of("key", "first"), settings);
      }
      assertEquals(List.of("boiler 1"), server.devices.names);
    }
  }

  @Test
  void errors() throws Exception {
    LinkedBlockingQueue<String> log = new LinkedBlockingQueue<>();
    try (TestServer server = new TestServer();
        IotflowClient client = server.client()) {
      server.failures.add(Status.UNAVAILABLE.asRuntimeException());
      try {
        client.heartbeat("online");
      } catch (IotflowException failure) {
        if (failure.isRetryable()) {
          log.add("Later: " + failure.code() + " " + failure.reason());
        }
      }
    }
    assertEquals("Later: UNAVAILABLE ", log.remove());
  }

  /** Every block of Java in README.md is a part of this file. */
  @Test
  void readmeShowsThisFile() throws IOException, ClassNotFoundException {
    String tests = read("src/test/java/iotflow/client/ReadmeTest.java");
    String[] blocks = read("README.md").split("```java\n");
    assertTrue(blocks.length > 1, "README.md has no block of Java");
    for (int i = 1; i < blocks.length; i++) {
      String block = blocks[i].substring(0, blocks[i].indexOf("```")).trim();
      String code = block.replaceAll("(?m)^import .*;\n", "").trim();
      assertTrue(tests.contains(code), "no test has\n" + code);
      for (String line : block.split("\n")) {
        if (line.startsWith("import ")) {
          Class.forName(line.substring("import ".length(), line.length() - 1));
        }
      }
    }
  }

  @Test
  void versionIsThatOfArtifact() throws IOException {
    String version = "<version>" + IotflowClient.VERSION + "</version>";
    assertTrue(read("pom.xml").contains("<artifactId>iotflow-client</artifactId>\n" + version));
    assertTrue(read("README.md").contains(version));
  }

  /** Returns a file without indentation. */
  private static String read(String name) throws IOException {
    return Files.readAllLines(new File(name).toPath()).stream()
        .map(String::trim)
        .collect(Collectors.joining("\n"));
  }
}
