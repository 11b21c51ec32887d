package iotflow.client;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Files and folders for their owner alone, which are not made through a symbolic link. */
final class PrivateFiles {
  private static final boolean HAS_MODES =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  private PrivateFiles() {}

  static void makeFolder(File folder) throws IOException {
    if (!folder.isDirectory()) {
      Files.createDirectories(folder.toPath(), mode("rwx------"));
    }
  }

  /** Opens a file to read and write, and makes it where it does not exist. */
  static RandomAccessFile open(File file) throws IOException {
    try {
      make(file.toPath());
    } catch (FileAlreadyExistsException present) {
      if (Files.isSymbolicLink(file.toPath())) {
        throw new IOException(file + " is a symbolic link", present);
      }
    }
    return new RandomAccessFile(file, "rw");
  }

  /** Writes a file as {@link #replace}. Then, its content outlives the end of the system. */
  static void replaceDurably(File file, byte[] content) throws IOException {
    replace(file, content, written -> written.getFD().sync());
    synchronizeFolder(file.getParentFile());
  }

  /** Writes a file as a whole: at any time it has its former content or this one. */
  static void replace(File file, byte[] content) throws IOException {
    replace(file, content, written -> {});
  }

  /** Makes the names of new files durable. Some systems cannot, and need not. */
  static void synchronizeFolder(File folder) {
    try (FileChannel channel = FileChannel.open(folder.toPath(), StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException unsupported) {
      // As above.
    }
  }

  /** What is done to a file before it has its name. */
  private interface Step {
    void take(FileOutputStream file) throws IOException;
  }

  private static void replace(File file, byte[] content, Step step) throws IOException {
    File written = new File(file.getPath() + ".new");
    try {
      make(written.toPath());
    } catch (FileAlreadyExistsException present) {
      // The process ended before it was renamed.
      Files.delete(written.toPath());
      make(written.toPath());
    }
    try (FileOutputStream output = new FileOutputStream(written)) {
      output.write(content);
      step.take(output);
    }
    Files.move(
        written.toPath(),
        file.toPath(),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** Makes a file that does not exist, not even as a link. */
  private static void make(Path file) throws IOException {
    Files.createFile(file, mode("rw-------"));
  }

  private static FileAttribute<?>[] mode(String permissions) {
    return HAS_MODES
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
