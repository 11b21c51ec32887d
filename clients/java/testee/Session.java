package iotflow.testee;

import com.google.gson.JsonObject;
import io.grpc.Status;
import iotflow.client.ClientOptions;
import iotflow.client.Interruption;
import iotflow.client.IotflowClient;
import iotflow.client.IotflowException;
import iotflow.client.TlsFiles;
import java.io.File;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Has one connection at a time. */
final class Session {
  private final Output output;
  private final BlockingQueue<JsonObject> newKeys = new LinkedBlockingQueue<>();
  private IotflowClient client;

  Session(Output output) {
    this.output = output;
  }

  void addTo(Map<String, Testee.Handler> handlers) {
    handlers.put("hello", this::hello);
    handlers.put("connect", this::connect);
    handlers.put("new_key", this::newKey);
  }

  synchronized IotflowClient client() {
    if (client == null) {
      throw missing("There is no connection. Connect first.");
    }
    return client;
  }

  /** The error of a request that needs another one before it. */
  static IotflowException missing(String message) {
    return IotflowException.of(
        Status.FAILED_PRECONDITION.withDescription(message).asRuntimeException());
  }

  /** Throws at the end of a handler where the request wants that. */
  static void afterHandler(JsonObject request) {
    if (Json.has(request, "throwing") && request.get("throwing").getAsBoolean()) {
      throw new IllegalStateException("The handler throws.");
    }
  }

  void interrupted(Interruption interruption) {
    output.event(
        "interrupted",
        "code",
        interruption.error().code().name(),
        "reason",
        interruption.error().reason(),
        "message",
        interruption.error().getMessage(),
        "delay_ms",
        interruption.pause().toMillis());
  }

  private JsonObject hello(JsonObject request) {
    return Json.object(
        "language", "java", "version", IotflowClient.VERSION, "skips", new JsonObject());
  }

  private synchronized JsonObject connect(JsonObject request) {
    ClientOptions options =
        new ClientOptions()
            .onCredentialWanted(this::credentialWanted)
            .eventLog(
                (level, event, facts) -> System.err.println(level + " " + event + " " + facts));
    if (!Json.text(request, "api_key").isEmpty()) {
      options.apiKey(Json.text(request, "api_key"));
    }
    if (!Json.text(request, "token").isEmpty()) {
      options.token(Json.text(request, "token"));
    }
    if (Json.has(request, "tls")) {
      options.tls(tls(request.getAsJsonObject("tls")));
    }
    IotflowClient next = new IotflowClient(request.get("target").getAsString(), options);
    if (client != null) {
      client.close();
    }
    client = next;
    return new JsonObject();
  }

  private static TlsFiles tls(JsonObject form) {
    TlsFiles files = TlsFiles.system();
    if (Json.has(form, "ca")) {
      files = TlsFiles.authorities(new File(Json.text(form, "ca")));
    }
    if (Json.has(form, "certificate")) {
      files =
          files.withCertificate(
              new File(Json.text(form, "certificate")), new File(Json.text(form, "key")));
    }
    return files;
  }

  private String credentialWanted(IotflowException rejected) throws InterruptedException {
    output.event("credential_wanted", "reason", rejected.reason());
    JsonObject answer = newKeys.take();
    if (Json.has(answer, "fails")) {
      throw new IllegalStateException(Json.text(answer, "fails"));
    }
    return Json.text(answer, "api_key");
  }

  private JsonObject newKey(JsonObject request) {
    newKeys.add(request);
    return new JsonObject();
  }
}
