package iotflow.client;

import java.util.Objects;

/** Configures an {@link IotflowClient}. Without options it has neither TLS nor credentials. */
public final class ClientOptions {
  String apiKey = "";
  String token = "";
  TlsFiles tls;
  CredentialHandler credentialHandler;
  EventLog eventLog = Handlers::logErrors;
  Metrics metrics = new Metrics() {};

  /** The key of a device. Fails where it is none, such as one with the newline of its file. */
  public ClientOptions apiKey(String key) {
    apiKey = KeyForm.checkedKey(Objects.requireNonNull(key, "key"));
    return this;
  }

  /** The token of a gateway, registrar, viewer or admin. */
  public ClientOptions token(String word) {
    token = KeyForm.checkedToken(Objects.requireNonNull(word, "word"));
    return this;
  }

  /** Protects the connection. */
  public ClientOptions tls(TlsFiles files) {
    tls = Objects.requireNonNull(files, "files");
    return this;
  }

  /** Finds a new key when the server has rejected the present one. Without it, calls fail. */
  public ClientOptions onCredentialWanted(CredentialHandler handler) {
    credentialHandler = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /** Receives log events. Without it, errors go to {@code java.util.logging}. */
  public ClientOptions eventLog(EventLog log) {
    eventLog = Objects.requireNonNull(log, "log");
    return this;
  }

  /** Receives numbers. */
  public ClientOptions metrics(Metrics numbers) {
    metrics = Objects.requireNonNull(numbers, "numbers");
    return this;
  }
}
