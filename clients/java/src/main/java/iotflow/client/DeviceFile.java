package iotflow.client;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.regex.Pattern;

/** The file with the id of the device whose batches a folder has. */
final class DeviceFile {
  static final String NAME = "device";

  private static final Pattern FORM = Pattern.compile("[0-9]{1,10}\n");

  private static final int MOST_BYTES = 64;

  private final File file;

  DeviceFile(File folder) {
    file = new File(folder, NAME);
  }

  /** Returns the id, or 0 where the file is missing or damaged. */
  int read() throws IOException {
    if (!file.isFile() || file.length() > MOST_BYTES) {
      return 0;
    }
    String text = new String(Files.readAllBytes(file.toPath()), StandardCharsets.US_ASCII);
    long id = FORM.matcher(text).matches() ? Long.parseLong(text.trim()) : 0;
    return id <= Integer.MAX_VALUE ? (int) id : 0;
  }

  void write(int id) throws IOException {
    PrivateFiles.replaceDurably(file, (id + "\n").getBytes(StandardCharsets.US_ASCII));
  }
}
