package iotflow.client;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;

/** The file with the highest sequence up to which everything is acknowledged. */
final class AcknowledgedFile {
  static final String NAME = "acknowledged";
  private static final int BYTES = Long.BYTES + Integer.BYTES;

  private final File file;

  AcknowledgedFile(File folder) {
    file = new File(folder, NAME);
  }

  /** Returns the recorded sequence, or 0 where the file is missing or damaged. */
  long read() throws IOException {
    if (file.length() != BYTES) {
      return 0;
    }
    byte[] data = Files.readAllBytes(file.toPath());
    ByteBuffer numbers = Records.littleEndian(data);
    boolean isWhole = numbers.getInt(Long.BYTES) == Records.crc(data, 0, Long.BYTES);
    return isWhole ? numbers.getLong(0) : 0;
  }

  void write(long sequence) {
    ByteBuffer data = Records.littleEndian(new byte[BYTES]);
    data.putLong(0, sequence);
    data.putInt(Long.BYTES, Records.crc(data.array(), 0, Long.BYTES));
    try {
      PrivateFiles.replace(file, data.array());
    } catch (IOException failure) {
      // Without this record everything is sent again, which is harmless.
    }
  }
}
