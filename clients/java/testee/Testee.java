package iotflow.testee;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iotflow.client.IotflowException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Is driven by the conformance tests of all clients: it reads requests from its standard input, a
 * JSON object in each line, and writes answers and events to its standard output. See
 * clients/conformance/README.md.
 */
public final class Testee {
  /** Answers one request. */
  interface Handler {
    JsonObject handle(JsonObject request) throws Exception;
  }

  private final Output output = new Output();
  private final Map<String, Handler> handlers = new HashMap<>();

  private Testee() {
    Session session = new Session(output);
    session.addTo(handlers);
    new Writing(session, output).addTo(handlers);
    new Reads(session, output).addTo(handlers);
    new DeviceCalls(session, output).addTo(handlers);
    handlers.put("encode", Vectors::encode);
    handlers.put("decode", Vectors::decode);
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    new Testee().serve();
    // Handlers that hang do not hold up the end.
    System.exit(0);
  }

  /** Answers requests until the end of the input. Requests run concurrently. */
  private void serve() throws IOException, InterruptedException {
    ExecutorService threads = Executors.newCachedThreadPool();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject request = JsonParser.parseString(line).getAsJsonObject();
      CountDownLatch begun = new CountDownLatch(1);
      threads.execute(
          () -> {
            begun.countDown();
            answer(request);
          });
      // Requests begin in their order.
      begun.await();
    }
  }

  private void answer(JsonObject request) {
    JsonObject answer = new JsonObject();
    answer.add("id", request.get("id"));
    try {
      answer.add("result", handlers.get(request.get("do").getAsString()).handle(request));
    } catch (IotflowException failure) {
      answer.add("error", Json.error(failure));
    } catch (Exception failure) {
      failure.printStackTrace();
      answer.add("error", Json.error(IotflowException.of(failure)));
    }
    output.write(answer);
  }
}
