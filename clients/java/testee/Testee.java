package iotflow.testee;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iotflow.client.IotflowException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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

  public static void main(String[] arguments) throws Exception {
    new Testee().serve();
    // Handlers that hang do not hold up the end.
    System.exit(0);
  }

  /** Answers requests until the end of the input. Requests run concurrently. */
  private void serve() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject request = JsonParser.parseString(line).getAsJsonObject();
      Future<?> answering = threads.submit(() -> answer(request));
      if (request.get("do").getAsString().startsWith("writer.add")) {
        awaitShortly(answering);
      }
    }
  }

  /** Lets rows be taken before a later request begins, unless the queue is full. */
  private static void awaitShortly(Future<?> answering)
      throws InterruptedException, ExecutionException {
    try {
      answering.get(20, TimeUnit.MILLISECONDS);
    } catch (TimeoutException full) {
      // Requests run concurrently.
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
