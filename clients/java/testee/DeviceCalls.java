package iotflow.testee;

import com.google.gson.JsonObject;
import com.google.protobuf.Value;
import iotflow.client.IotflowClient;
import iotflow.client.Pages;
import iotflow.v1.Command;
import iotflow.v1.Device;
import iotflow.v1.FleetServiceGrpc;
import iotflow.v1.ListDevicesRequest;
import iotflow.v1.ListDevicesResponse;
import iotflow.v1.RegisterDeviceRequest;
import iotflow.v1.SendHeartbeatResponse;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The calls of a device, and the one of an administrator. */
final class DeviceCalls {
  private final Session session;
  private final Output output;

  DeviceCalls(Session session, Output output) {
    this.session = session;
    this.output = output;
  }

  void addTo(Map<String, Testee.Handler> handlers) {
    handlers.put("register", this::register);
    handlers.put("heartbeat", this::heartbeat);
    handlers.put("config.watch", this::watchConfig);
    handlers.put("config.report", this::reportConfig);
    handlers.put("commands.handle", this::handleCommands);
    handlers.put("rotate", this::rotate);
    handlers.put("devices.list", this::listDevices);
    handlers.put("clock.now", this::clockNow);
  }

  private JsonObject register(JsonObject request) {
    Device device =
        session
            .client()
            .register(
                RegisterDeviceRequest.newBuilder()
                    .setName(Json.text(request, "name"))
                    .setDeviceType(Json.text(request, "device_type"))
                    .build());
    return Json.object("device_id", device.getId(), "api_key", device.getApiKey());
  }

  private JsonObject heartbeat(JsonObject request) {
    SendHeartbeatResponse answer = session.client().heartbeat(Json.text(request, "status"));
    long seconds = answer.getTimestamp().getSeconds();
    long time = Instant.ofEpochSecond(seconds, answer.getTimestamp().getNanos()).toEpochMilli();
    return Json.object("timestamp", time, "status", answer.getStatus());
  }

  private JsonObject watchConfig(JsonObject request) {
    session
        .client()
        .watchConfig(
            config -> {
              output.event("config", "version", config.version(), "desired", config.desired());
              Session.afterHandler(request);
            });
    return new JsonObject();
  }

  private JsonObject reportConfig(JsonObject request) {
    session.client().reportConfig(Json.map(request.get("configuration")));
    return new JsonObject();
  }

  private JsonObject handleCommands(JsonObject request) {
    String outcome = Json.text(request, "outcome");
    session.client().handleCommands(command -> handle(command, outcome));
    return new JsonObject();
  }

  private Map<String, Object> handle(Command command, String outcome) throws Exception {
    Map<String, Object> parameters = new LinkedHashMap<>();
    command
        .getParameters()
        .getFieldsMap()
        .forEach((name, value) -> parameters.put(name, plain(value)));
    output.event(
        "command",
        "command_id",
        command.getId(),
        "name",
        command.getName(),
        "parameters",
        parameters);
    switch (outcome) {
      case "fail":
        throw new IllegalStateException("The handler throws.");
      case "throw":
        throw new AssertionError("The handler throws.");
      case "large":
        return Map.of("text", "x".repeat(((Number) parameters.get("characters")).intValue()));
      case "number":
        return Map.of("number", 1L << 60);
      case "hang":
        TimeUnit.DAYS.sleep(1);
        return parameters;
      default:
        return parameters;
    }
  }

  private static Object plain(Value value) {
    return value.hasNumberValue() ? (Object) value.getNumberValue() : value.getStringValue();
  }

  private JsonObject rotate(JsonObject request) {
    String[] rotated = {""};
    session.client().rotateKey(apiKey -> rotated[0] = apiKey);
    return Json.object("api_key", rotated[0]);
  }

  private JsonObject listDevices(JsonObject request) {
    FleetServiceGrpc.FleetServiceBlockingStub fleet =
        FleetServiceGrpc.newBlockingStub(session.client().channel());
    ListDevicesRequest.Builder form =
        ListDevicesRequest.newBuilder().setPageSize(Json.number(request, "page_size"));
    int count = 0;
    int pages = 0;
    for (ListDevicesResponse page :
        Pages.of(
            token -> fleet.listDevices(form.setPageToken(token).build()),
            ListDevicesResponse::getNextPageToken)) {
      pages++;
      count += page.getDevicesCount();
    }
    return Json.object("count", count, "pages", pages);
  }

  private JsonObject clockNow(JsonObject request) {
    IotflowClient client = session.client();
    if (client.clock().now().isEmpty()) {
      client.clock().synchronize();
    }
    return Json.object("milliseconds", client.clock().now().orElseThrow().toEpochMilli());
  }
}
