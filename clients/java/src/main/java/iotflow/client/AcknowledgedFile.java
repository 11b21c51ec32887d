package iotflow.client;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;

/** The file with the highest sequence up to which everything is acknowledged. */
final class AcknowledgedFile {
  private static final String NAME = "acknowledged";
  private static final int BYTES = Long.BYTES + Integer.BYTES;

  private final File file;
  private final File written;

  AcknowledgedFile(File folder) {
    file = new File(folder, NAME);
    written = new File(folder, NAME + ".new");
  }

  /** Returns the recorded sequence, or 0 where the file is missing or damaged. */
  long read() throws IOException {
    byte[] data = file.exists() ? Files.readAllBytes(file.toPath()) : new byte[0];
    if (data.length != BYTES) {
      return 0;
    }
    ByteBuffer numbers = Records.littleEndian(data);
    boolean isWhole = numbers.getInt(Long.BYTES) == Records.crc(data, 0, Long.BYTES);
    return isWhole ? numbers.getLong(0) : 0;
  }

  void write(long sequence) {
    ByteBuffer data = Records.littleEndian(new byte[BYTES]);
    data.putLong(0, sequence);
    data.putInt(Long.BYTES, Records.crc(data.array(), 0, Long.BYTES));
    try {
      try (FileOutputStream output = new FileOutputStream(written)) {
        output.write(data.array());
      }
      Files.move(
          written.toPath(),
          file.toPath(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failure) {
      // Without this record everything is sent again, which is harmless.
    }
  }
}
