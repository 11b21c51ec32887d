package iotflow.testee;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import iotflow.client.IotflowException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Fields of requests and answers. */
final class Json {
  private static final Gson GSON = new Gson();

  private Json() {}

  /** Makes an object of names and values by turns. */
  static JsonObject object(Object... facts) {
    JsonObject object = new JsonObject();
    for (int i = 0; i < facts.length; i += 2) {
      object.add((String) facts[i], tree(facts[i + 1]));
    }
    return object;
  }

  static JsonElement tree(Object value) {
    if (value instanceof Map) {
      JsonObject object = new JsonObject();
      ((Map<?, ?>) value).forEach((name, each) -> object.add((String) name, tree(each)));
      return object;
    }
    if (value instanceof JsonElement) {
      return (JsonElement) value;
    }
    return value == null ? JsonNull.INSTANCE : GSON.toJsonTree(value);
  }

  static Map<String, Object> map(JsonElement object) {
    Map<String, Object> map = new HashMap<>();
    object
        .getAsJsonObject()
        .entrySet()
        .forEach(entry -> map.put(entry.getKey(), GSON.fromJson(entry.getValue(), Object.class)));
    return map;
  }

  /** Whether the request has the field, and it is not null. */
  static boolean has(JsonObject request, String field) {
    return request.has(field) && !request.get(field).isJsonNull();
  }

  static String text(JsonObject request, String field) {
    return has(request, field) ? request.get(field).getAsString() : "";
  }

  static int number(JsonObject request, String field) {
    return has(request, field) ? request.get(field).getAsInt() : 0;
  }

  static Instant time(JsonObject request, String field) {
    return Instant.ofEpochMilli(request.get(field).getAsLong());
  }

  static Duration millis(JsonObject request, String field) {
    return Duration.ofMillis(request.get(field).getAsLong());
  }

  static int[] numbers(JsonObject request, String field) {
    return GSON.fromJson(request.get(field), int[].class);
  }

  static String[] texts(JsonObject request, String field) {
    return has(request, field) ? GSON.fromJson(request.get(field), String[].class) : new String[0];
  }

  static JsonObject error(IotflowException failure) {
    Object retryAfter =
        failure.retryAfter().isZero() ? null : failure.retryAfter().toMillis() / 1000.0;
    return object(
        "code", failure.code().name(),
        "reason", failure.reason(),
        "message", failure.getMessage(),
        "field", failure.field(),
        "retryable", failure.isRetryable(),
        "retry_after", retryAfter,
        "request_id", failure.requestId());
  }
}
