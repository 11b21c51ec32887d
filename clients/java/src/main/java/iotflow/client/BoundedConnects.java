package iotflow.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import javax.net.SocketFactory;

/**
 * Makes sockets whose attempts to connect end. The system waits for minutes. grpc-java tries one
 * address of the host after the other, which share the time.
 */
final class BoundedConnects extends SocketFactory {
  private final String host;
  private final int millis;

  BoundedConnects(String host, int millis) {
    this.host = host;
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
      socket.connect(to, Math.max(1, millis / InetAddress.getAllByName(host).length));
      return socket;
    } catch (IOException failure) {
      socket.close();
      throw failure;
    }
  }
}
