package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import iotflow.v1.TelemetryBatch;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchEncoderTest {
  private final OpenBatch batch = new OpenBatch();

  private TelemetryBatch encoded() throws InvalidProtocolBufferException {
    return TelemetryBatch.parseFrom(BatchEncoder.encode(batch, 7));
  }

  private void add(Row row, long time) {
    assertTrue(batch.accepts(row, false));
    batch.add(row, time, false);
  }

  @Test
  void typesChooseColumns() throws Exception {
    Row row = new Row().put("double", 0.1).put("float", 0.5f).put("long", Long.MIN_VALUE);
    add(row.put("whole", Integer.MIN_VALUE).put("open", true).put("text", "grün 👩‍🚀"), 5);
    TelemetryBatch found = encoded();
    assertEquals(7, found.getSequence());
    assertEquals(List.of(5L), found.getTimestampsList());
    assertEquals(List.of(0.1), found.getColumns(0).getDoublesList());
    assertEquals(List.of(0.5f), found.getColumns(1).getFloatsList());
    assertEquals(List.of(Long.MIN_VALUE), found.getColumns(2).getInt64SList());
    assertEquals(List.of(Integer.MIN_VALUE), found.getColumns(3).getInt32SList());
    assertEquals(List.of(true), found.getColumns(4).getBoolsList());
    assertEquals(List.of("grün 👩‍🚀"), found.getColumns(5).getStringsList());
  }

  @Test
  void rowOfOneValueHasTheTypeOfTheValue() {
    assertEquals(ColumnType.DOUBLE, Row.of("a", 1.5).types[0]);
    assertEquals(ColumnType.FLOAT, Row.of("a", 1.5f).types[0]);
    assertEquals(ColumnType.INT64, Row.of("a", 1L).types[0]);
    assertEquals(ColumnType.INT32, Row.of("a", 1).types[0]);
    assertEquals(ColumnType.BOOLEAN, Row.of("a", true).types[0]);
    assertEquals(ColumnType.TEXT, Row.of("a", "x").types[0]);
  }

  @Test
  void missingValuesHavePlaceholders() throws Exception {
    add(new Row().put("a", 1.0), 1);
    add(new Row().put("b", "x"), 2);
    add(new Row().put("a", 3.0).put("nothing", Double.NaN), 3);
    TelemetryBatch found = encoded();
    assertEquals(2, found.getColumnsCount());
    assertEquals(List.of(1.0, 0.0, 3.0), found.getColumns(0).getDoublesList());
    assertEquals(0b101, found.getColumns(0).getValidity().byteAt(0));
    assertEquals(List.of("", "x", ""), found.getColumns(1).getStringsList());
    assertEquals(0b010, found.getColumns(1).getValidity().byteAt(0));
  }

  @Test
  void measurementKeepsItsType() {
    add(new Row().put("a", 1.0), 1);
    assertFalse(batch.accepts(new Row().put("a", 1), false));
    assertTrue(batch.accepts(new Row().put("b", 1), false));
  }

  @Test
  void devicesMayDiffer() throws Exception {
    add(new Row().device(3).put("a", 1.0), 1);
    add(new Row().device(4).put("a", 1.0), 2);
    assertFalse(batch.accepts(new Row().put("a", 1.0), false));
    assertEquals(List.of(3, 4), encoded().getDeviceIdsList());
  }

  @Test
  void laterValueOfMeasurementCounts() throws Exception {
    add(new Row().put("a", 1.0).put("b", 2.0).put("a", 3), 1);
    assertEquals(List.of(3), encoded().getColumns(0).getInt32SList());
    assertEquals(2, encoded().getColumnsCount());
  }

  @Test
  void halfOfSurrogatePairIsRejected() {
    IotflowException failure =
        assertThrows(IotflowException.class, () -> new Row().put("a", "x\ud83d"));
    assertEquals(Status.Code.INVALID_ARGUMENT, failure.code());
    assertEquals("a", failure.field());
  }

  @Test
  void sizeIsAtLeastThatOfEncodedBatch() throws Exception {
    Random random = new Random(1);
    for (int round = 0; round < 200; round++) {
      OpenBatch open = new OpenBatch();
      for (int i = 0; i < 100; i++) {
        Row row = randomRow(random);
        if (row.size > 0 && open.accepts(row, false)) {
          int most = open.size() + open.growth(row);
          open.add(row, random.nextLong(), false);
          assertTrue(open.size() <= most, "the growth is at least that of the size");
        }
      }
      byte[] bytes = BatchEncoder.encode(open, Long.MAX_VALUE);
      assertEquals(open.rows(), TelemetryBatch.parseFrom(bytes).getTimestampsCount());
    }
  }

  private static Row randomRow(Random random) {
    Row row = new Row().device(1 + random.nextInt(3));
    for (int i = 0; i < 4; i++) {
      String name = "measurement" + random.nextInt(6);
      if (random.nextBoolean()) {
        row.put(name, random.nextInt(3) == 0 ? -random.nextLong() : random.nextInt(9));
      } else if (random.nextBoolean()) {
        row.put(name + "text", "ü".repeat(random.nextInt(20)));
      }
    }
    return row;
  }
}
