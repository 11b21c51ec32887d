package iotflow.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import javax.net.SocketFactory;

/** Makes sockets whose attempt to connect ends after some seconds. The system waits for minutes. */
final class BoundedConnects extends SocketFactory {
  private final int millis;

  BoundedConnects(int millis) {
    this.millis = millis;
  }

  @Override
  public Socket createSocket() {
    return new Socket();
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connect(null, new InetSocketAddress(host, port));
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connect(null, new InetSocketAddress(host, port));
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress from, int fromPort)
      throws IOException {
    return connect(new InetSocketAddress(from, fromPort), new InetSocketAddress(host, port));
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort)
      throws IOException {
    return connect(new InetSocketAddress(from, fromPort), new InetSocketAddress(host, port));
  }

  private Socket connect(SocketAddress from, SocketAddress to) throws IOException {
    Socket socket = new Socket();
    try {
      socket.bind(from);
      socket.connect(to, millis);
      return socket;
    } catch (IOException failure) {
      socket.close();
      throw failure;
    }
  }
}
