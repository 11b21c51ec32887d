package iotflow.client;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;

/** Keeps other writers from a folder until it is closed or the process ends. */
final class FolderLock {
  static final String NAME = "lock";

  private final RandomAccessFile file;

  private FolderLock(RandomAccessFile file) {
    this.file = file;
  }

  /** Fails with the reason QUEUE_IN_USE where another writer has the folder. */
  static FolderLock take(File folder) throws IOException {
    RandomAccessFile file = PrivateFiles.open(new File(folder, NAME));
    try {
      if (file.getChannel().tryLock() != null) {
        return new FolderLock(file);
      }
    } catch (OverlappingFileLockException ownProcess) {
      // Another writer of this process has the folder.
    }
    file.close();
    throw IotflowException.precondition(
        IotflowException.QUEUE_IN_USE, "Another writer uses the folder " + folder + ".", null);
  }

  void close() {
    try {
      file.close();
    } catch (IOException failure) {
      // The lock ends with the process.
    }
  }
}
