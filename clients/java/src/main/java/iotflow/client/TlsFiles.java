package iotflow.client;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;

/**
 * Protects a connection. Without files, the authorities of the system are trusted. The files are
 * read for each new connection, so renewed ones need no restart.
 */
public final class TlsFiles {
  private final File authorities;
  private final File certificate;
  private final File key;
  private final String serverName;

  private TlsFiles(File authorities, File certificate, File key, String serverName) {
    this.authorities = authorities;
    this.certificate = certificate;
    this.key = key;
    this.serverName = serverName;
  }

  /** Trusts the authorities of the system. */
  public static TlsFiles system() {
    return new TlsFiles(null, null, null, "");
  }

  /** Trusts the authorities of a file in PEM form. */
  public static TlsFiles authorities(File file) {
    return new TlsFiles(file, null, null, "");
  }

  /** Shows a certificate in PEM form, with its key in PEM form of PKCS #8. */
  public TlsFiles withCertificate(File file, File keyFile) {
    return new TlsFiles(authorities, file, keyFile, serverName);
  }

  /** Expects this name in the server's certificate, in place of the host of the target. */
  public TlsFiles withServerName(String name) {
    return new TlsFiles(authorities, certificate, key, name);
  }

  String serverName() {
    return serverName;
  }

  /** Reads the files. */
  ChannelCredentials read() throws IOException {
    TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
    if (authorities != null) {
      tls.trustManager(authorities);
    }
    if (certificate != null) {
      tls.keyManager(certificate, key);
    }
    return tls.build();
  }
}
