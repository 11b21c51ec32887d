package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceFileTest {
  @TempDir File folder;

  private void record(String content) throws IOException {
    Files.writeString(new File(folder, "device").toPath(), content);
  }

  @Test
  void recordIsReadAgain() throws IOException {
    assertEquals(0, new DeviceFile(folder).read());
    new DeviceFile(folder).write(5);
    new DeviceFile(folder).write(2147483647);
    assertEquals(2147483647, new DeviceFile(folder).read());
  }

  @ParameterizedTest
  @CsvSource({
    "'', 0",
    "'5', 0",
    "'5\n', 5",
    "'05\n', 5",
    "'5\r\n', 0",
    "'-5\n', 0",
    "'x\n', 0",
    "'2147483647\n', 2147483647",
    "'2147483648\n', 0",
    "'99999999999999999999\n', 0"
  })
  void damagedFileIsOfNoDevice(String content, int device) throws IOException {
    record(content);
    assertEquals(device, new DeviceFile(folder).read());
  }

  @Test
  void hugeFileIsNotRead() throws IOException {
    record("5".repeat(1 << 20));
    assertEquals(0, new DeviceFile(folder).read());
  }
}
