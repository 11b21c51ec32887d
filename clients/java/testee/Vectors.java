package iotflow.testee;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import iotflow.client.Column;
import iotflow.v1.TelemetryBatch;
import java.util.BitSet;
import java.util.List;
import java.util.function.BiConsumer;

/** The JSON form of batches. */
final class Vectors {
  private Vectors() {}

  static JsonObject encode(JsonObject request) {
    JsonObject form = request.getAsJsonObject("batch");
    TelemetryBatch.Builder batch =
        TelemetryBatch.newBuilder()
            .setSequence(form.get("sequence").getAsLong())
            .setDeviceId(form.get("device_id").getAsInt())
            .setAtomic(form.get("atomic").getAsBoolean());
    form.getAsJsonArray("device_ids").forEach(id -> batch.addDeviceIds(id.getAsInt()));
    form.getAsJsonArray("timestamps").forEach(time -> batch.addTimestamps(time.getAsLong()));
    form.getAsJsonArray("columns")
        .forEach(each -> batch.addColumns(message(each.getAsJsonObject())));
    return Json.object("hex", hex(batch.build().toByteArray()));
  }

  private static iotflow.v1.Column message(JsonObject form) {
    JsonArray values = form.getAsJsonArray("values");
    iotflow.v1.Column.Builder column =
        iotflow.v1.Column.newBuilder().setMeasurement(Json.text(form, "measurement"));
    for (JsonElement value : values) {
      add(column, Json.text(form, "type"), value.isJsonNull() ? null : value.getAsString());
    }
    BitSet valid = valid(values);
    if (valid.cardinality() < values.size()) {
      byte[] bitmap = new byte[(values.size() + 7) / 8];
      System.arraycopy(valid.toByteArray(), 0, bitmap, 0, valid.toByteArray().length);
      column.setValidity(ByteString.copyFrom(bitmap));
    }
    return column.build();
  }

  /** null becomes the placeholder. */
  private static void add(iotflow.v1.Column.Builder column, String type, String value) {
    switch (type) {
      case "doubles":
        column.addDoubles(value == null ? 0 : Double.parseDouble(value));
        break;
      case "floats":
        column.addFloats(value == null ? 0 : Float.parseFloat(value));
        break;
      case "int64s":
        column.addInt64S(value == null ? 0 : Long.parseLong(value));
        break;
      case "int32s":
        column.addInt32S(value == null ? 0 : Integer.parseInt(value));
        break;
      case "bools":
        column.addBools(Boolean.parseBoolean(value));
        break;
      default:
        column.addStrings(value == null ? "" : value);
        break;
    }
  }

  private static BitSet valid(JsonArray values) {
    BitSet valid = new BitSet();
    for (int row = 0; row < values.size(); row++) {
      valid.set(row, !values.get(row).isJsonNull());
    }
    return valid;
  }

  /** Returns the column of a form; null is a row without a value. */
  static Column column(String measurement, JsonObject form) {
    iotflow.v1.Column message = message(form);
    BitSet valid = valid(form.getAsJsonArray("values"));
    return columnOf(measurement, Json.text(form, "type"), message).onlyIn(valid);
  }

  private static Column columnOf(String measurement, String type, iotflow.v1.Column message) {
    switch (type) {
      case "doubles":
        return Column.of(
            measurement,
            array(
                message.getDoublesList(),
                new double[message.getDoublesCount()],
                (a, i) -> a[i] = message.getDoubles(i)));
      case "floats":
        return Column.of(
            measurement,
            array(
                message.getFloatsList(),
                new float[message.getFloatsCount()],
                (a, i) -> a[i] = message.getFloats(i)));
      case "int64s":
        return Column.of(
            measurement,
            array(
                message.getInt64SList(),
                new long[message.getInt64SCount()],
                (a, i) -> a[i] = message.getInt64S(i)));
      case "int32s":
        return Column.of(
            measurement,
            array(
                message.getInt32SList(),
                new int[message.getInt32SCount()],
                (a, i) -> a[i] = message.getInt32S(i)));
      case "bools":
        return Column.of(
            measurement,
            array(
                message.getBoolsList(),
                new boolean[message.getBoolsCount()],
                (a, i) -> a[i] = message.getBools(i)));
      default:
        return Column.of(measurement, message.getStringsList().toArray(new String[0]));
    }
  }

  private static <T> T array(List<?> values, T array, BiConsumer<T, Integer> set) {
    for (int i = 0; i < values.size(); i++) {
      set.accept(array, i);
    }
    return array;
  }

  static JsonObject decode(JsonObject request) throws InvalidProtocolBufferException {
    TelemetryBatch batch = TelemetryBatch.parseFrom(bytes(Json.text(request, "hex")));
    JsonArray times = new JsonArray();
    batch.getTimestampsList().forEach(time -> times.add(time.toString()));
    JsonArray columns = new JsonArray();
    batch.getColumnsList().forEach(column -> columns.add(form(column)));
    JsonObject form =
        Json.object(
            "sequence", Long.toString(batch.getSequence()),
            "device_id", batch.getDeviceId(),
            "device_ids", batch.getDeviceIdsList(),
            "timestamps", times,
            "atomic", batch.getAtomic(),
            "columns", columns);
    return Json.object("batch", form);
  }

  private static JsonObject form(iotflow.v1.Column column) {
    JsonArray values = new JsonArray();
    String type = "doubles";
    if (column.getFloatsCount() > 0) {
      type = "floats";
      // As a double, which has more digits.
      column.getFloatsList().forEach(value -> values.add(value.doubleValue()));
    } else if (column.getInt64SCount() > 0) {
      type = "int64s";
      column.getInt64SList().forEach(value -> values.add(value.toString()));
    } else if (column.getInt32SCount() > 0) {
      type = "int32s";
      column.getInt32SList().forEach(values::add);
    } else if (column.getBoolsCount() > 0) {
      type = "bools";
      column.getBoolsList().forEach(values::add);
    } else if (column.getStringsCount() > 0) {
      type = "strings";
      column.getStringsList().forEach(value -> values.add(new JsonPrimitive(value)));
    } else {
      column.getDoublesList().forEach(values::add);
    }
    BitSet valid = BitSet.valueOf(column.getValidity().toByteArray());
    for (int row = 0; !column.getValidity().isEmpty() && row < values.size(); row++) {
      if (!valid.get(row)) {
        values.set(row, JsonNull.INSTANCE);
      }
    }
    return Json.object("measurement", column.getMeasurement(), "type", type, "values", values);
  }

  private static String hex(byte[] data) {
    StringBuilder text = new StringBuilder();
    for (byte each : data) {
      text.append(String.format("%02x", each));
    }
    return text.toString();
  }

  private static byte[] bytes(String hex) {
    byte[] data = new byte[hex.length() / 2];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
    }
    return data;
  }
}
