package iotflow.testee;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Writes one JSON object in each line. */
final class Output {
  private final Gson gson = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
  private final PrintStream stream = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  synchronized void write(JsonObject message) {
    stream.println(gson.toJson(message));
    stream.flush();
  }

  /** Writes an event with facts, which are names and values by turns. */
  void event(String name, Object... facts) {
    JsonObject event = Json.object(facts);
    event.addProperty("event", name);
    write(event);
  }
}
