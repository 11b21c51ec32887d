package iotflow.client;

import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.okhttp.OkHttpChannelBuilder;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Makes channels to one server. */
final class ChannelFactory {
  // Networks of phones forget a silent connection after some minutes; a vanished peer is noticed
  // within 40 s.
  private static final long PING_AFTER_SECONDS = 30;
  private static final long PING_TIMEOUT_SECONDS = 10;

  /** A batch of readings in an answer, with room for columns of text. */
  private static final int LARGEST_ANSWER = 64 << 20;

  private final String target;
  private final TlsFiles tls;

  /** tls may be null: no TLS. */
  ChannelFactory(String target, TlsFiles tls) {
    this.target = Target.checked(target);
    this.tls = tls;
  }

  String target() {
    return target;
  }

  ManagedChannel make() {
    OkHttpChannelBuilder builder = builder();
    if (tls != null && !tls.serverName().isEmpty()) {
      builder.overrideAuthority(tls.serverName());
    }
    return builder
        .socketFactory(
            new BoundedConnects(Target.host(target), ConnectionAttempt.CONNECT_SECONDS * 1000))
        .userAgent("iotflow-java/" + IotflowClient.VERSION)
        .keepAliveTime(PING_AFTER_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(PING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .maxInboundMessageSize(LARGEST_ANSWER)
        .disableRetry()
        // The program states the way to the server. A proxy of the JVM is often meant for others.
        .proxyDetector(address -> null)
        .build();
  }

  private OkHttpChannelBuilder builder() {
    if (tls == null) {
      return OkHttpChannelBuilder.forTarget(target, InsecureChannelCredentials.create());
    }
    try {
      return OkHttpChannelBuilder.forTarget(target, tls.read());
    } catch (IOException | IllegalArgumentException failure) {
      throw IotflowException.unreadable(failure);
    }
  }
}
