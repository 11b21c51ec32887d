package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of a queue, whose folder the client makes. */
class PrivateFilesTest {
  private static final long LIMIT = 1 << 20;

  @TempDir Path parent;

  private File folder() {
    return parent.resolve("a/queue").toFile();
  }

  private QueueFolder open() {
    return new QueueFolder(folder(), LIMIT);
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void filesAreForTheirOwnerAlone() throws IOException {
    QueueFolder queue = open();
    queue.write(1, 1, new byte[] {1});
    queue.record(5);
    new AcknowledgedFile(folder()).write(1);
    queue.close();
    Map<String, String> modes = new TreeMap<>();
    for (File file : folder().listFiles()) {
      modes.put(file.getName(), mode(file.toPath()));
    }
    String only = "rw-------";
    assertEquals(
        Map.of(
            "00000000000000000001.batches", only,
            "acknowledged", only,
            "device", only,
            "lock", only),
        modes);
    assertEquals("rwx------", mode(folder().toPath()));
    assertEquals("rwx------", mode(folder().getParentFile().toPath()));
  }

  @Test
  void folderThatExistsKeepsItsMode() throws IOException {
    Files.createDirectories(folder().toPath());
    String before = mode(folder().toPath());
    open().close();
    assertEquals(before, mode(folder().toPath()));
  }

  /** What a link of such a name points to is not made, and not written. */
  @ParameterizedTest
  @ValueSource(strings = {"acknowledged", "acknowledged.new", "device", "device.new"})
  void linkIsReplaced(String name) throws IOException {
    Files.createDirectories(folder().toPath());
    Path victim = Files.writeString(parent.resolve("victim"), "content");
    Files.createSymbolicLink(folder().toPath().resolve(name), victim);
    QueueFolder queue = open();
    queue.record(5);
    new AcknowledgedFile(folder()).write(9);
    queue.close();
    assertEquals("content", Files.readString(victim));
    assertEquals(5, new DeviceFile(folder()).read());
    assertEquals(9, new AcknowledgedFile(folder()).read());
    assertFalse(Files.isSymbolicLink(folder().toPath().resolve(name)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "00000000000000000001.batches"})
  void folderWithLinkIsAnErrorThatNamesIt(String name) throws IOException {
    Files.createDirectories(folder().toPath());
    for (String target : new String[] {"missing", "victim"}) {
      Path link = folder().toPath().resolve(name);
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, parent.resolve(target));
      Files.writeString(parent.resolve("victim"), "content");
      IotflowException error = assertThrows(IotflowException.class, this::open);
      assertEquals(Status.Code.FAILED_PRECONDITION, error.code());
      assertTrue(error.getMessage().contains(name + " is a symbolic link"), error.getMessage());
      assertFalse(Files.exists(parent.resolve("missing")));
      assertEquals("content", Files.readString(parent.resolve("victim")));
    }
  }

  @Test
  void linkInPlaceOfTheFolderIsNotFollowedToMakeIt() throws IOException {
    Files.createDirectories(folder().getParentFile().toPath());
    Files.createSymbolicLink(folder().toPath(), parent.resolve("missing"));
    assertThrows(IotflowException.class, this::open);
    assertFalse(Files.exists(parent.resolve("missing")));
  }

  @Test
  void restOfAnEarlierProcessIsReplaced() throws IOException {
    File file = parent.resolve("file").toFile();
    Files.writeString(parent.resolve("file.new"), "half of a much longer content");
    PrivateFiles.replace(file, new byte[] {1, 2});
    PrivateFiles.replace(file, new byte[] {3});
    assertArrayEquals(new byte[] {3}, Files.readAllBytes(file.toPath()));
    assertFalse(Files.exists(parent.resolve("file.new")));
  }
}
