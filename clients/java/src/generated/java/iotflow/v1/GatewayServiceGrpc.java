package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The RPCs of gateways, which act for many devices: the MQTT adapter, or an adapter of another
 * protocol. A gateway sends a token of the role gateway or admin in the metadata `authorization:
 * Bearer &lt;token&gt;`. It writes telemetry through TelemetryService, which accepts `device_id` from
 * gateways.
 * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND (no such device),
 * INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE
 * (retry after the stated time). Errors carry google.rpc.ErrorInfo.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class GatewayServiceGrpc {

  private GatewayServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.GatewayService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.StreamDeviceCommandsRequest,
      iotflow.v1.StreamDeviceCommandsResponse> getStreamDeviceCommandsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamDeviceCommands",
      requestType = iotflow.v1.StreamDeviceCommandsRequest.class,
      responseType = iotflow.v1.StreamDeviceCommandsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.StreamDeviceCommandsRequest,
      iotflow.v1.StreamDeviceCommandsResponse> getStreamDeviceCommandsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.StreamDeviceCommandsRequest, iotflow.v1.StreamDeviceCommandsResponse> getStreamDeviceCommandsMethod;
    if ((getStreamDeviceCommandsMethod = GatewayServiceGrpc.getStreamDeviceCommandsMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getStreamDeviceCommandsMethod = GatewayServiceGrpc.getStreamDeviceCommandsMethod) == null) {
          GatewayServiceGrpc.getStreamDeviceCommandsMethod = getStreamDeviceCommandsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.StreamDeviceCommandsRequest, iotflow.v1.StreamDeviceCommandsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamDeviceCommands"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.StreamDeviceCommandsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.StreamDeviceCommandsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getStreamDeviceCommandsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.AckDeviceCommandRequest,
      iotflow.v1.AckDeviceCommandResponse> getAckDeviceCommandMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AckDeviceCommand",
      requestType = iotflow.v1.AckDeviceCommandRequest.class,
      responseType = iotflow.v1.AckDeviceCommandResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.AckDeviceCommandRequest,
      iotflow.v1.AckDeviceCommandResponse> getAckDeviceCommandMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.AckDeviceCommandRequest, iotflow.v1.AckDeviceCommandResponse> getAckDeviceCommandMethod;
    if ((getAckDeviceCommandMethod = GatewayServiceGrpc.getAckDeviceCommandMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getAckDeviceCommandMethod = GatewayServiceGrpc.getAckDeviceCommandMethod) == null) {
          GatewayServiceGrpc.getAckDeviceCommandMethod = getAckDeviceCommandMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.AckDeviceCommandRequest, iotflow.v1.AckDeviceCommandResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AckDeviceCommand"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AckDeviceCommandRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AckDeviceCommandResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getAckDeviceCommandMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.WatchDeviceConfigsRequest,
      iotflow.v1.WatchDeviceConfigsResponse> getWatchDeviceConfigsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchDeviceConfigs",
      requestType = iotflow.v1.WatchDeviceConfigsRequest.class,
      responseType = iotflow.v1.WatchDeviceConfigsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.WatchDeviceConfigsRequest,
      iotflow.v1.WatchDeviceConfigsResponse> getWatchDeviceConfigsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.WatchDeviceConfigsRequest, iotflow.v1.WatchDeviceConfigsResponse> getWatchDeviceConfigsMethod;
    if ((getWatchDeviceConfigsMethod = GatewayServiceGrpc.getWatchDeviceConfigsMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getWatchDeviceConfigsMethod = GatewayServiceGrpc.getWatchDeviceConfigsMethod) == null) {
          GatewayServiceGrpc.getWatchDeviceConfigsMethod = getWatchDeviceConfigsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.WatchDeviceConfigsRequest, iotflow.v1.WatchDeviceConfigsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchDeviceConfigs"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchDeviceConfigsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchDeviceConfigsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getWatchDeviceConfigsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ReportDeviceConfigRequest,
      iotflow.v1.ReportDeviceConfigResponse> getReportDeviceConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReportDeviceConfig",
      requestType = iotflow.v1.ReportDeviceConfigRequest.class,
      responseType = iotflow.v1.ReportDeviceConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ReportDeviceConfigRequest,
      iotflow.v1.ReportDeviceConfigResponse> getReportDeviceConfigMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ReportDeviceConfigRequest, iotflow.v1.ReportDeviceConfigResponse> getReportDeviceConfigMethod;
    if ((getReportDeviceConfigMethod = GatewayServiceGrpc.getReportDeviceConfigMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getReportDeviceConfigMethod = GatewayServiceGrpc.getReportDeviceConfigMethod) == null) {
          GatewayServiceGrpc.getReportDeviceConfigMethod = getReportDeviceConfigMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ReportDeviceConfigRequest, iotflow.v1.ReportDeviceConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReportDeviceConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReportDeviceConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReportDeviceConfigResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getReportDeviceConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ReportPresenceRequest,
      iotflow.v1.ReportPresenceResponse> getReportPresenceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReportPresence",
      requestType = iotflow.v1.ReportPresenceRequest.class,
      responseType = iotflow.v1.ReportPresenceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ReportPresenceRequest,
      iotflow.v1.ReportPresenceResponse> getReportPresenceMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ReportPresenceRequest, iotflow.v1.ReportPresenceResponse> getReportPresenceMethod;
    if ((getReportPresenceMethod = GatewayServiceGrpc.getReportPresenceMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getReportPresenceMethod = GatewayServiceGrpc.getReportPresenceMethod) == null) {
          GatewayServiceGrpc.getReportPresenceMethod = getReportPresenceMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ReportPresenceRequest, iotflow.v1.ReportPresenceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReportPresence"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReportPresenceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReportPresenceResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getReportPresenceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.OpenMqttSessionsRequest,
      iotflow.v1.OpenMqttSessionsResponse> getOpenMqttSessionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "OpenMqttSessions",
      requestType = iotflow.v1.OpenMqttSessionsRequest.class,
      responseType = iotflow.v1.OpenMqttSessionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.OpenMqttSessionsRequest,
      iotflow.v1.OpenMqttSessionsResponse> getOpenMqttSessionsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.OpenMqttSessionsRequest, iotflow.v1.OpenMqttSessionsResponse> getOpenMqttSessionsMethod;
    if ((getOpenMqttSessionsMethod = GatewayServiceGrpc.getOpenMqttSessionsMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getOpenMqttSessionsMethod = GatewayServiceGrpc.getOpenMqttSessionsMethod) == null) {
          GatewayServiceGrpc.getOpenMqttSessionsMethod = getOpenMqttSessionsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.OpenMqttSessionsRequest, iotflow.v1.OpenMqttSessionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "OpenMqttSessions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.OpenMqttSessionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.OpenMqttSessionsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getOpenMqttSessionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.UpdateMqttSessionsRequest,
      iotflow.v1.UpdateMqttSessionsResponse> getUpdateMqttSessionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateMqttSessions",
      requestType = iotflow.v1.UpdateMqttSessionsRequest.class,
      responseType = iotflow.v1.UpdateMqttSessionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.UpdateMqttSessionsRequest,
      iotflow.v1.UpdateMqttSessionsResponse> getUpdateMqttSessionsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.UpdateMqttSessionsRequest, iotflow.v1.UpdateMqttSessionsResponse> getUpdateMqttSessionsMethod;
    if ((getUpdateMqttSessionsMethod = GatewayServiceGrpc.getUpdateMqttSessionsMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getUpdateMqttSessionsMethod = GatewayServiceGrpc.getUpdateMqttSessionsMethod) == null) {
          GatewayServiceGrpc.getUpdateMqttSessionsMethod = getUpdateMqttSessionsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.UpdateMqttSessionsRequest, iotflow.v1.UpdateMqttSessionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateMqttSessions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UpdateMqttSessionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UpdateMqttSessionsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getUpdateMqttSessionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.WatchMqttConnectionsRequest,
      iotflow.v1.WatchMqttConnectionsResponse> getWatchMqttConnectionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchMqttConnections",
      requestType = iotflow.v1.WatchMqttConnectionsRequest.class,
      responseType = iotflow.v1.WatchMqttConnectionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.WatchMqttConnectionsRequest,
      iotflow.v1.WatchMqttConnectionsResponse> getWatchMqttConnectionsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.WatchMqttConnectionsRequest, iotflow.v1.WatchMqttConnectionsResponse> getWatchMqttConnectionsMethod;
    if ((getWatchMqttConnectionsMethod = GatewayServiceGrpc.getWatchMqttConnectionsMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getWatchMqttConnectionsMethod = GatewayServiceGrpc.getWatchMqttConnectionsMethod) == null) {
          GatewayServiceGrpc.getWatchMqttConnectionsMethod = getWatchMqttConnectionsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.WatchMqttConnectionsRequest, iotflow.v1.WatchMqttConnectionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchMqttConnections"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchMqttConnectionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchMqttConnectionsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getWatchMqttConnectionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.AllocateTimestampsRequest,
      iotflow.v1.AllocateTimestampsResponse> getAllocateTimestampsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AllocateTimestamps",
      requestType = iotflow.v1.AllocateTimestampsRequest.class,
      responseType = iotflow.v1.AllocateTimestampsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.AllocateTimestampsRequest,
      iotflow.v1.AllocateTimestampsResponse> getAllocateTimestampsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.AllocateTimestampsRequest, iotflow.v1.AllocateTimestampsResponse> getAllocateTimestampsMethod;
    if ((getAllocateTimestampsMethod = GatewayServiceGrpc.getAllocateTimestampsMethod) == null) {
      synchronized (GatewayServiceGrpc.class) {
        if ((getAllocateTimestampsMethod = GatewayServiceGrpc.getAllocateTimestampsMethod) == null) {
          GatewayServiceGrpc.getAllocateTimestampsMethod = getAllocateTimestampsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.AllocateTimestampsRequest, iotflow.v1.AllocateTimestampsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AllocateTimestamps"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AllocateTimestampsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AllocateTimestampsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getAllocateTimestampsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static GatewayServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GatewayServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GatewayServiceStub>() {
        @java.lang.Override
        public GatewayServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GatewayServiceStub(channel, callOptions);
        }
      };
    return GatewayServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static GatewayServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GatewayServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GatewayServiceBlockingV2Stub>() {
        @java.lang.Override
        public GatewayServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GatewayServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return GatewayServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static GatewayServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GatewayServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GatewayServiceBlockingStub>() {
        @java.lang.Override
        public GatewayServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GatewayServiceBlockingStub(channel, callOptions);
        }
      };
    return GatewayServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static GatewayServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GatewayServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GatewayServiceFutureStub>() {
        @java.lang.Override
        public GatewayServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GatewayServiceFutureStub(channel, callOptions);
        }
      };
    return GatewayServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The RPCs of gateways, which act for many devices: the MQTT adapter, or an adapter of another
   * protocol. A gateway sends a token of the role gateway or admin in the metadata `authorization:
   * Bearer &lt;token&gt;`. It writes telemetry through TelemetryService, which accepts `device_id` from
   * gateways.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND (no such device),
   * INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE
   * (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Offers the queued commands of all devices to the gateway, and receives its reports.
     * The server sends the commands that are queued when the stream opens, then new commands as they
     * are sent; the commands of each device come in order. It offers a command to one gateway at a
     * time, so that several gateways can share a broker and no device receives a command twice. A
     * command stays queued until a gateway reports it as delivered or ended. Commands that a gateway
     * has not answered within 30 seconds, or when its stream ends, are offered again, with the same
     * id. At most 1000 commands are offered and unanswered; further commands wait.
     * The server answers every report with a receipt, in order. A receipt with an empty reason means
     * that the report is stored durably; otherwise the report was rejected. The stream continues in
     * both cases. COMMAND_NOT_FOUND: the device has no such command. COMMAND_ENDED: the command has
     * ended in another state.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<iotflow.v1.StreamDeviceCommandsRequest> streamDeviceCommands(
        io.grpc.stub.StreamObserver<iotflow.v1.StreamDeviceCommandsResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getStreamDeviceCommandsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores one report, whichever stream offered the command. NOT_FOUND (COMMAND_NOT_FOUND): the
     * device has no such command. FAILED_PRECONDITION (COMMAND_ENDED): the command has ended in
     * another state.
     * </pre>
     */
    default void ackDeviceCommand(iotflow.v1.AckDeviceCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AckDeviceCommandResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAckDeviceCommandMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the desired configurations of all devices: the newest version of every device that
     * changed since the given time, then each change. The versions of a device rise; versions in
     * quick succession may be skipped.
     * </pre>
     */
    default void watchDeviceConfigs(iotflow.v1.WatchDeviceConfigsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchDeviceConfigsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchDeviceConfigsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores what a device reports of itself. See DeviceService.UpdateDeviceConfig.
     * </pre>
     */
    default void reportDeviceConfig(iotflow.v1.ReportDeviceConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReportDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReportDeviceConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores which devices went online or offline, or gave a sign of life. The answer names the
     * reports about unknown or inactive devices; the other reports are stored.
     * </pre>
     */
    default void reportPresence(iotflow.v1.ReportPresenceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReportPresenceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReportPresenceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Opens the sessions of MQTT clients at the caller, an MQTT endpoint, which holds them from now
     * on; the endpoint that held a session before no longer does. Sessions that outlive their
     * connections are stored durably, at most 10 for an owner; a further one ends the oldest. The
     * answer has a session for each connection, in order.
     * </pre>
     */
    default void openMqttSessions(iotflow.v1.OpenMqttSessionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.OpenMqttSessionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getOpenMqttSessionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores changes of sessions durably, in order. Changes of sessions that the caller does not hold
     * are not stored; the answer names those sessions.
     * </pre>
     */
    default void updateMqttSessions(iotflow.v1.UpdateMqttSessionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateMqttSessionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateMqttSessionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the connections that clients open at other endpoints from now on. The caller ends its
     * older connections of these clients.
     * </pre>
     */
    default void watchMqttConnections(iotflow.v1.WatchMqttConnectionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchMqttConnectionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchMqttConnectionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Gives times to readings without one, before the caller writes them, and stores these times
     * durably. A message that is sent again, at this or at another endpoint, gets the times that it
     * had, so that its readings overwrite themselves. A session has the times of its last 1024
     * messages if the client counts its packet identifiers up.
     * </pre>
     */
    default void allocateTimestamps(iotflow.v1.AllocateTimestampsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AllocateTimestampsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAllocateTimestampsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service GatewayService.
   * <pre>
   * The RPCs of gateways, which act for many devices: the MQTT adapter, or an adapter of another
   * protocol. A gateway sends a token of the role gateway or admin in the metadata `authorization:
   * Bearer &lt;token&gt;`. It writes telemetry through TelemetryService, which accepts `device_id` from
   * gateways.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND (no such device),
   * INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE
   * (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static abstract class GatewayServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return GatewayServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service GatewayService.
   * <pre>
   * The RPCs of gateways, which act for many devices: the MQTT adapter, or an adapter of another
   * protocol. A gateway sends a token of the role gateway or admin in the metadata `authorization:
   * Bearer &lt;token&gt;`. It writes telemetry through TelemetryService, which accepts `device_id` from
   * gateways.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND (no such device),
   * INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE
   * (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class GatewayServiceStub
      extends io.grpc.stub.AbstractAsyncStub<GatewayServiceStub> {
    private GatewayServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GatewayServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GatewayServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Offers the queued commands of all devices to the gateway, and receives its reports.
     * The server sends the commands that are queued when the stream opens, then new commands as they
     * are sent; the commands of each device come in order. It offers a command to one gateway at a
     * time, so that several gateways can share a broker and no device receives a command twice. A
     * command stays queued until a gateway reports it as delivered or ended. Commands that a gateway
     * has not answered within 30 seconds, or when its stream ends, are offered again, with the same
     * id. At most 1000 commands are offered and unanswered; further commands wait.
     * The server answers every report with a receipt, in order. A receipt with an empty reason means
     * that the report is stored durably; otherwise the report was rejected. The stream continues in
     * both cases. COMMAND_NOT_FOUND: the device has no such command. COMMAND_ENDED: the command has
     * ended in another state.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<iotflow.v1.StreamDeviceCommandsRequest> streamDeviceCommands(
        io.grpc.stub.StreamObserver<iotflow.v1.StreamDeviceCommandsResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getStreamDeviceCommandsMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Stores one report, whichever stream offered the command. NOT_FOUND (COMMAND_NOT_FOUND): the
     * device has no such command. FAILED_PRECONDITION (COMMAND_ENDED): the command has ended in
     * another state.
     * </pre>
     */
    public void ackDeviceCommand(iotflow.v1.AckDeviceCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AckDeviceCommandResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAckDeviceCommandMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the desired configurations of all devices: the newest version of every device that
     * changed since the given time, then each change. The versions of a device rise; versions in
     * quick succession may be skipped.
     * </pre>
     */
    public void watchDeviceConfigs(iotflow.v1.WatchDeviceConfigsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchDeviceConfigsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchDeviceConfigsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores what a device reports of itself. See DeviceService.UpdateDeviceConfig.
     * </pre>
     */
    public void reportDeviceConfig(iotflow.v1.ReportDeviceConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReportDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReportDeviceConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores which devices went online or offline, or gave a sign of life. The answer names the
     * reports about unknown or inactive devices; the other reports are stored.
     * </pre>
     */
    public void reportPresence(iotflow.v1.ReportPresenceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReportPresenceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReportPresenceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Opens the sessions of MQTT clients at the caller, an MQTT endpoint, which holds them from now
     * on; the endpoint that held a session before no longer does. Sessions that outlive their
     * connections are stored durably, at most 10 for an owner; a further one ends the oldest. The
     * answer has a session for each connection, in order.
     * </pre>
     */
    public void openMqttSessions(iotflow.v1.OpenMqttSessionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.OpenMqttSessionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getOpenMqttSessionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores changes of sessions durably, in order. Changes of sessions that the caller does not hold
     * are not stored; the answer names those sessions.
     * </pre>
     */
    public void updateMqttSessions(iotflow.v1.UpdateMqttSessionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateMqttSessionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateMqttSessionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the connections that clients open at other endpoints from now on. The caller ends its
     * older connections of these clients.
     * </pre>
     */
    public void watchMqttConnections(iotflow.v1.WatchMqttConnectionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchMqttConnectionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchMqttConnectionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Gives times to readings without one, before the caller writes them, and stores these times
     * durably. A message that is sent again, at this or at another endpoint, gets the times that it
     * had, so that its readings overwrite themselves. A session has the times of its last 1024
     * messages if the client counts its packet identifiers up.
     * </pre>
     */
    public void allocateTimestamps(iotflow.v1.AllocateTimestampsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AllocateTimestampsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAllocateTimestampsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service GatewayService.
   * <pre>
   * The RPCs of gateways, which act for many devices: the MQTT adapter, or an adapter of another
   * protocol. A gateway sends a token of the role gateway or admin in the metadata `authorization:
   * Bearer &lt;token&gt;`. It writes telemetry through TelemetryService, which accepts `device_id` from
   * gateways.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND (no such device),
   * INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE
   * (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class GatewayServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<GatewayServiceBlockingV2Stub> {
    private GatewayServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GatewayServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GatewayServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Offers the queued commands of all devices to the gateway, and receives its reports.
     * The server sends the commands that are queued when the stream opens, then new commands as they
     * are sent; the commands of each device come in order. It offers a command to one gateway at a
     * time, so that several gateways can share a broker and no device receives a command twice. A
     * command stays queued until a gateway reports it as delivered or ended. Commands that a gateway
     * has not answered within 30 seconds, or when its stream ends, are offered again, with the same
     * id. At most 1000 commands are offered and unanswered; further commands wait.
     * The server answers every report with a receipt, in order. A receipt with an empty reason means
     * that the report is stored durably; otherwise the report was rejected. The stream continues in
     * both cases. COMMAND_NOT_FOUND: the device has no such command. COMMAND_ENDED: the command has
     * ended in another state.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<iotflow.v1.StreamDeviceCommandsRequest, iotflow.v1.StreamDeviceCommandsResponse>
        streamDeviceCommands() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getStreamDeviceCommandsMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Stores one report, whichever stream offered the command. NOT_FOUND (COMMAND_NOT_FOUND): the
     * device has no such command. FAILED_PRECONDITION (COMMAND_ENDED): the command has ended in
     * another state.
     * </pre>
     */
    public iotflow.v1.AckDeviceCommandResponse ackDeviceCommand(iotflow.v1.AckDeviceCommandRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAckDeviceCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the desired configurations of all devices: the newest version of every device that
     * changed since the given time, then each change. The versions of a device rise; versions in
     * quick succession may be skipped.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, iotflow.v1.WatchDeviceConfigsResponse>
        watchDeviceConfigs(iotflow.v1.WatchDeviceConfigsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchDeviceConfigsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores what a device reports of itself. See DeviceService.UpdateDeviceConfig.
     * </pre>
     */
    public iotflow.v1.ReportDeviceConfigResponse reportDeviceConfig(iotflow.v1.ReportDeviceConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReportDeviceConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores which devices went online or offline, or gave a sign of life. The answer names the
     * reports about unknown or inactive devices; the other reports are stored.
     * </pre>
     */
    public iotflow.v1.ReportPresenceResponse reportPresence(iotflow.v1.ReportPresenceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReportPresenceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Opens the sessions of MQTT clients at the caller, an MQTT endpoint, which holds them from now
     * on; the endpoint that held a session before no longer does. Sessions that outlive their
     * connections are stored durably, at most 10 for an owner; a further one ends the oldest. The
     * answer has a session for each connection, in order.
     * </pre>
     */
    public iotflow.v1.OpenMqttSessionsResponse openMqttSessions(iotflow.v1.OpenMqttSessionsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getOpenMqttSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores changes of sessions durably, in order. Changes of sessions that the caller does not hold
     * are not stored; the answer names those sessions.
     * </pre>
     */
    public iotflow.v1.UpdateMqttSessionsResponse updateMqttSessions(iotflow.v1.UpdateMqttSessionsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateMqttSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the connections that clients open at other endpoints from now on. The caller ends its
     * older connections of these clients.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, iotflow.v1.WatchMqttConnectionsResponse>
        watchMqttConnections(iotflow.v1.WatchMqttConnectionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchMqttConnectionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives times to readings without one, before the caller writes them, and stores these times
     * durably. A message that is sent again, at this or at another endpoint, gets the times that it
     * had, so that its readings overwrite themselves. A session has the times of its last 1024
     * messages if the client counts its packet identifiers up.
     * </pre>
     */
    public iotflow.v1.AllocateTimestampsResponse allocateTimestamps(iotflow.v1.AllocateTimestampsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAllocateTimestampsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service GatewayService.
   * <pre>
   * The RPCs of gateways, which act for many devices: the MQTT adapter, or an adapter of another
   * protocol. A gateway sends a token of the role gateway or admin in the metadata `authorization:
   * Bearer &lt;token&gt;`. It writes telemetry through TelemetryService, which accepts `device_id` from
   * gateways.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND (no such device),
   * INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE
   * (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class GatewayServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<GatewayServiceBlockingStub> {
    private GatewayServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GatewayServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GatewayServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one report, whichever stream offered the command. NOT_FOUND (COMMAND_NOT_FOUND): the
     * device has no such command. FAILED_PRECONDITION (COMMAND_ENDED): the command has ended in
     * another state.
     * </pre>
     */
    public iotflow.v1.AckDeviceCommandResponse ackDeviceCommand(iotflow.v1.AckDeviceCommandRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAckDeviceCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the desired configurations of all devices: the newest version of every device that
     * changed since the given time, then each change. The versions of a device rise; versions in
     * quick succession may be skipped.
     * </pre>
     */
    public java.util.Iterator<iotflow.v1.WatchDeviceConfigsResponse> watchDeviceConfigs(
        iotflow.v1.WatchDeviceConfigsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchDeviceConfigsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores what a device reports of itself. See DeviceService.UpdateDeviceConfig.
     * </pre>
     */
    public iotflow.v1.ReportDeviceConfigResponse reportDeviceConfig(iotflow.v1.ReportDeviceConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReportDeviceConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores which devices went online or offline, or gave a sign of life. The answer names the
     * reports about unknown or inactive devices; the other reports are stored.
     * </pre>
     */
    public iotflow.v1.ReportPresenceResponse reportPresence(iotflow.v1.ReportPresenceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReportPresenceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Opens the sessions of MQTT clients at the caller, an MQTT endpoint, which holds them from now
     * on; the endpoint that held a session before no longer does. Sessions that outlive their
     * connections are stored durably, at most 10 for an owner; a further one ends the oldest. The
     * answer has a session for each connection, in order.
     * </pre>
     */
    public iotflow.v1.OpenMqttSessionsResponse openMqttSessions(iotflow.v1.OpenMqttSessionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getOpenMqttSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores changes of sessions durably, in order. Changes of sessions that the caller does not hold
     * are not stored; the answer names those sessions.
     * </pre>
     */
    public iotflow.v1.UpdateMqttSessionsResponse updateMqttSessions(iotflow.v1.UpdateMqttSessionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateMqttSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the connections that clients open at other endpoints from now on. The caller ends its
     * older connections of these clients.
     * </pre>
     */
    public java.util.Iterator<iotflow.v1.WatchMqttConnectionsResponse> watchMqttConnections(
        iotflow.v1.WatchMqttConnectionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchMqttConnectionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives times to readings without one, before the caller writes them, and stores these times
     * durably. A message that is sent again, at this or at another endpoint, gets the times that it
     * had, so that its readings overwrite themselves. A session has the times of its last 1024
     * messages if the client counts its packet identifiers up.
     * </pre>
     */
    public iotflow.v1.AllocateTimestampsResponse allocateTimestamps(iotflow.v1.AllocateTimestampsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAllocateTimestampsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service GatewayService.
   * <pre>
   * The RPCs of gateways, which act for many devices: the MQTT adapter, or an adapter of another
   * protocol. A gateway sends a token of the role gateway or admin in the metadata `authorization:
   * Bearer &lt;token&gt;`. It writes telemetry through TelemetryService, which accepts `device_id` from
   * gateways.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND (no such device),
   * INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE
   * (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class GatewayServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<GatewayServiceFutureStub> {
    private GatewayServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GatewayServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GatewayServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one report, whichever stream offered the command. NOT_FOUND (COMMAND_NOT_FOUND): the
     * device has no such command. FAILED_PRECONDITION (COMMAND_ENDED): the command has ended in
     * another state.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.AckDeviceCommandResponse> ackDeviceCommand(
        iotflow.v1.AckDeviceCommandRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAckDeviceCommandMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores what a device reports of itself. See DeviceService.UpdateDeviceConfig.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ReportDeviceConfigResponse> reportDeviceConfig(
        iotflow.v1.ReportDeviceConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReportDeviceConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores which devices went online or offline, or gave a sign of life. The answer names the
     * reports about unknown or inactive devices; the other reports are stored.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ReportPresenceResponse> reportPresence(
        iotflow.v1.ReportPresenceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReportPresenceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Opens the sessions of MQTT clients at the caller, an MQTT endpoint, which holds them from now
     * on; the endpoint that held a session before no longer does. Sessions that outlive their
     * connections are stored durably, at most 10 for an owner; a further one ends the oldest. The
     * answer has a session for each connection, in order.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.OpenMqttSessionsResponse> openMqttSessions(
        iotflow.v1.OpenMqttSessionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getOpenMqttSessionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores changes of sessions durably, in order. Changes of sessions that the caller does not hold
     * are not stored; the answer names those sessions.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.UpdateMqttSessionsResponse> updateMqttSessions(
        iotflow.v1.UpdateMqttSessionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateMqttSessionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Gives times to readings without one, before the caller writes them, and stores these times
     * durably. A message that is sent again, at this or at another endpoint, gets the times that it
     * had, so that its readings overwrite themselves. A session has the times of its last 1024
     * messages if the client counts its packet identifiers up.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.AllocateTimestampsResponse> allocateTimestamps(
        iotflow.v1.AllocateTimestampsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAllocateTimestampsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_ACK_DEVICE_COMMAND = 0;
  private static final int METHODID_WATCH_DEVICE_CONFIGS = 1;
  private static final int METHODID_REPORT_DEVICE_CONFIG = 2;
  private static final int METHODID_REPORT_PRESENCE = 3;
  private static final int METHODID_OPEN_MQTT_SESSIONS = 4;
  private static final int METHODID_UPDATE_MQTT_SESSIONS = 5;
  private static final int METHODID_WATCH_MQTT_CONNECTIONS = 6;
  private static final int METHODID_ALLOCATE_TIMESTAMPS = 7;
  private static final int METHODID_STREAM_DEVICE_COMMANDS = 8;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_ACK_DEVICE_COMMAND:
          serviceImpl.ackDeviceCommand((iotflow.v1.AckDeviceCommandRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.AckDeviceCommandResponse>) responseObserver);
          break;
        case METHODID_WATCH_DEVICE_CONFIGS:
          serviceImpl.watchDeviceConfigs((iotflow.v1.WatchDeviceConfigsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.WatchDeviceConfigsResponse>) responseObserver);
          break;
        case METHODID_REPORT_DEVICE_CONFIG:
          serviceImpl.reportDeviceConfig((iotflow.v1.ReportDeviceConfigRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ReportDeviceConfigResponse>) responseObserver);
          break;
        case METHODID_REPORT_PRESENCE:
          serviceImpl.reportPresence((iotflow.v1.ReportPresenceRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ReportPresenceResponse>) responseObserver);
          break;
        case METHODID_OPEN_MQTT_SESSIONS:
          serviceImpl.openMqttSessions((iotflow.v1.OpenMqttSessionsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.OpenMqttSessionsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_MQTT_SESSIONS:
          serviceImpl.updateMqttSessions((iotflow.v1.UpdateMqttSessionsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.UpdateMqttSessionsResponse>) responseObserver);
          break;
        case METHODID_WATCH_MQTT_CONNECTIONS:
          serviceImpl.watchMqttConnections((iotflow.v1.WatchMqttConnectionsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.WatchMqttConnectionsResponse>) responseObserver);
          break;
        case METHODID_ALLOCATE_TIMESTAMPS:
          serviceImpl.allocateTimestamps((iotflow.v1.AllocateTimestampsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.AllocateTimestampsResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_STREAM_DEVICE_COMMANDS:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.streamDeviceCommands(
              (io.grpc.stub.StreamObserver<iotflow.v1.StreamDeviceCommandsResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getStreamDeviceCommandsMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              iotflow.v1.StreamDeviceCommandsRequest,
              iotflow.v1.StreamDeviceCommandsResponse>(
                service, METHODID_STREAM_DEVICE_COMMANDS)))
        .addMethod(
          getAckDeviceCommandMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.AckDeviceCommandRequest,
              iotflow.v1.AckDeviceCommandResponse>(
                service, METHODID_ACK_DEVICE_COMMAND)))
        .addMethod(
          getWatchDeviceConfigsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.WatchDeviceConfigsRequest,
              iotflow.v1.WatchDeviceConfigsResponse>(
                service, METHODID_WATCH_DEVICE_CONFIGS)))
        .addMethod(
          getReportDeviceConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ReportDeviceConfigRequest,
              iotflow.v1.ReportDeviceConfigResponse>(
                service, METHODID_REPORT_DEVICE_CONFIG)))
        .addMethod(
          getReportPresenceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ReportPresenceRequest,
              iotflow.v1.ReportPresenceResponse>(
                service, METHODID_REPORT_PRESENCE)))
        .addMethod(
          getOpenMqttSessionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.OpenMqttSessionsRequest,
              iotflow.v1.OpenMqttSessionsResponse>(
                service, METHODID_OPEN_MQTT_SESSIONS)))
        .addMethod(
          getUpdateMqttSessionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.UpdateMqttSessionsRequest,
              iotflow.v1.UpdateMqttSessionsResponse>(
                service, METHODID_UPDATE_MQTT_SESSIONS)))
        .addMethod(
          getWatchMqttConnectionsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.WatchMqttConnectionsRequest,
              iotflow.v1.WatchMqttConnectionsResponse>(
                service, METHODID_WATCH_MQTT_CONNECTIONS)))
        .addMethod(
          getAllocateTimestampsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.AllocateTimestampsRequest,
              iotflow.v1.AllocateTimestampsResponse>(
                service, METHODID_ALLOCATE_TIMESTAMPS)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (GatewayServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getStreamDeviceCommandsMethod())
              .addMethod(getAckDeviceCommandMethod())
              .addMethod(getWatchDeviceConfigsMethod())
              .addMethod(getReportDeviceConfigMethod())
              .addMethod(getReportPresenceMethod())
              .addMethod(getOpenMqttSessionsMethod())
              .addMethod(getUpdateMqttSessionsMethod())
              .addMethod(getWatchMqttConnectionsMethod())
              .addMethod(getAllocateTimestampsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
