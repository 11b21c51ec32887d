package iotflow.client;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** Answers every call with a web page, as a captive portal does, in HTTP/2. */
final class Portal implements AutoCloseable {
  private static final int PREFACE_BYTES = 24;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int ACKNOWLEDGED = 1;

  /** `:status` and `content-type` by their numbers in the static table of HPACK. */
  private static final int NAME_STATUS = 0x08;

  private static final byte[] NAME_CONTENT_TYPE = {0x0f, 0x10};

  private final AtomicInteger answers = new AtomicInteger();
  private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int status;

  Portal(int status) throws IOException {
    this.status = status;
    Threads.start("portal", this::serve);
  }

  String target() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  int answers() {
    return answers.get();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private void serve() {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept()) {
        answer(
            new DataInputStream(connection.getInputStream()),
            new DataOutputStream(connection.getOutputStream()));
      } catch (IOException ended) {
        // By the client, or with the test.
      }
    }
  }

  private void answer(DataInputStream in, DataOutputStream out) throws IOException {
    in.readFully(new byte[PREFACE_BYTES]);
    writeFrame(out, SETTINGS, 0, 0, new byte[0]);
    while (true) {
      int lengthAndType = in.readInt();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      in.readFully(new byte[lengthAndType >>> 8]);
      int type = lengthAndType & 0xff;
      if (type == HEADERS) {
        answers.incrementAndGet();
        writeFrame(out, HEADERS, END_HEADERS, stream, headers());
        byte[] page = "<h1>Log in</h1>".getBytes(StandardCharsets.US_ASCII);
        writeFrame(out, DATA, END_STREAM, stream, page);
      } else if (type == SETTINGS && flags != ACKNOWLEDGED) {
        writeFrame(out, SETTINGS, ACKNOWLEDGED, 0, new byte[0]);
      }
    }
  }

  private byte[] headers() {
    byte[] code = literal(String.valueOf(status));
    byte[] name = {(byte) NAME_STATUS};
    return Details.message(name, code, NAME_CONTENT_TYPE, literal("text/html"));
  }

  private static byte[] literal(String text) {
    byte[] length = {(byte) text.length()};
    return Details.message(length, text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void writeFrame(
      DataOutputStream out, int type, int flags, int stream, byte[] payload) throws IOException {
    out.writeInt(payload.length << 8 | type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    out.flush();
  }
}
