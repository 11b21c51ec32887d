package iotflow.client;

import iotflow.v1.DeviceServiceGrpc;
import iotflow.v1.WatchConfigRequest;
import iotflow.v1.WatchConfigResponse;
import java.util.Iterator;
import java.util.function.Consumer;

/** Reads streams of desired configurations, and hands each version over once. */
final class ConfigStream implements Following.Stream {
  private final DeviceServiceGrpc.DeviceServiceBlockingStub stub;
  private final Consumer<DesiredConfig> handler;
  private final Handlers handlers;
  private int newest;

  ConfigStream(Connection connection, Consumer<DesiredConfig> handler, Handlers handlers) {
    stub = DeviceServiceGrpc.newBlockingStub(connection);
    this.handler = handler;
    this.handlers = handlers;
  }

  @Override
  public void read(Runnable received) {
    Iterator<WatchConfigResponse> events =
        stub.watchConfig(WatchConfigRequest.getDefaultInstance());
    while (events.hasNext()) {
      WatchConfigResponse event = events.next();
      received.run();
      iotflow.v1.DesiredConfig config = event.getConfig();
      if (config.hasDesired() && config.getDesiredVersion() != newest) {
        newest = config.getDesiredVersion();
        handlers.call("watchConfig", () -> handler.accept(new DesiredConfig(config)));
      }
    }
  }
}
