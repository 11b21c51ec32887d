package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * REST paths of the older service that clients in the field still use, with its keys and statuses.
 * Each RPC names the RPC that new clients use.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class LegacyServiceGrpc {

  private LegacyServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.LegacyService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetServiceInfoRequest,
      iotflow.v1.GetServiceInfoResponse> getGetServiceInfoMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetServiceInfo",
      requestType = iotflow.v1.GetServiceInfoRequest.class,
      responseType = iotflow.v1.GetServiceInfoResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetServiceInfoRequest,
      iotflow.v1.GetServiceInfoResponse> getGetServiceInfoMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetServiceInfoRequest, iotflow.v1.GetServiceInfoResponse> getGetServiceInfoMethod;
    if ((getGetServiceInfoMethod = LegacyServiceGrpc.getGetServiceInfoMethod) == null) {
      synchronized (LegacyServiceGrpc.class) {
        if ((getGetServiceInfoMethod = LegacyServiceGrpc.getGetServiceInfoMethod) == null) {
          LegacyServiceGrpc.getGetServiceInfoMethod = getGetServiceInfoMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetServiceInfoRequest, iotflow.v1.GetServiceInfoResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetServiceInfo"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetServiceInfoRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetServiceInfoResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetServiceInfoMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetSystemStatusRequest,
      iotflow.v1.GetSystemStatusResponse> getGetSystemStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSystemStatus",
      requestType = iotflow.v1.GetSystemStatusRequest.class,
      responseType = iotflow.v1.GetSystemStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetSystemStatusRequest,
      iotflow.v1.GetSystemStatusResponse> getGetSystemStatusMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetSystemStatusRequest, iotflow.v1.GetSystemStatusResponse> getGetSystemStatusMethod;
    if ((getGetSystemStatusMethod = LegacyServiceGrpc.getGetSystemStatusMethod) == null) {
      synchronized (LegacyServiceGrpc.class) {
        if ((getGetSystemStatusMethod = LegacyServiceGrpc.getGetSystemStatusMethod) == null) {
          LegacyServiceGrpc.getGetSystemStatusMethod = getGetSystemStatusMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetSystemStatusRequest, iotflow.v1.GetSystemStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSystemStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetSystemStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetSystemStatusResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetSystemStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ListDeviceStatusesRequest,
      iotflow.v1.ListDeviceStatusesResponse> getListDeviceStatusesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListDeviceStatuses",
      requestType = iotflow.v1.ListDeviceStatusesRequest.class,
      responseType = iotflow.v1.ListDeviceStatusesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ListDeviceStatusesRequest,
      iotflow.v1.ListDeviceStatusesResponse> getListDeviceStatusesMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ListDeviceStatusesRequest, iotflow.v1.ListDeviceStatusesResponse> getListDeviceStatusesMethod;
    if ((getListDeviceStatusesMethod = LegacyServiceGrpc.getListDeviceStatusesMethod) == null) {
      synchronized (LegacyServiceGrpc.class) {
        if ((getListDeviceStatusesMethod = LegacyServiceGrpc.getListDeviceStatusesMethod) == null) {
          LegacyServiceGrpc.getListDeviceStatusesMethod = getListDeviceStatusesMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ListDeviceStatusesRequest, iotflow.v1.ListDeviceStatusesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListDeviceStatuses"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListDeviceStatusesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListDeviceStatusesResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getListDeviceStatusesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SubmitMqttTelemetryRequest,
      iotflow.v1.SubmitMqttTelemetryResponse> getSubmitMqttTelemetryJsonMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitMqttTelemetryJson",
      requestType = iotflow.v1.SubmitMqttTelemetryRequest.class,
      responseType = iotflow.v1.SubmitMqttTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SubmitMqttTelemetryRequest,
      iotflow.v1.SubmitMqttTelemetryResponse> getSubmitMqttTelemetryJsonMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SubmitMqttTelemetryRequest, iotflow.v1.SubmitMqttTelemetryResponse> getSubmitMqttTelemetryJsonMethod;
    if ((getSubmitMqttTelemetryJsonMethod = LegacyServiceGrpc.getSubmitMqttTelemetryJsonMethod) == null) {
      synchronized (LegacyServiceGrpc.class) {
        if ((getSubmitMqttTelemetryJsonMethod = LegacyServiceGrpc.getSubmitMqttTelemetryJsonMethod) == null) {
          LegacyServiceGrpc.getSubmitMqttTelemetryJsonMethod = getSubmitMqttTelemetryJsonMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SubmitMqttTelemetryRequest, iotflow.v1.SubmitMqttTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitMqttTelemetryJson"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitMqttTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitMqttTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSubmitMqttTelemetryJsonMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static LegacyServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LegacyServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LegacyServiceStub>() {
        @java.lang.Override
        public LegacyServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LegacyServiceStub(channel, callOptions);
        }
      };
    return LegacyServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static LegacyServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LegacyServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LegacyServiceBlockingV2Stub>() {
        @java.lang.Override
        public LegacyServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LegacyServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return LegacyServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static LegacyServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LegacyServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LegacyServiceBlockingStub>() {
        @java.lang.Override
        public LegacyServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LegacyServiceBlockingStub(channel, callOptions);
        }
      };
    return LegacyServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static LegacyServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LegacyServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LegacyServiceFutureStub>() {
        @java.lang.Override
        public LegacyServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LegacyServiceFutureStub(channel, callOptions);
        }
      };
    return LegacyServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * REST paths of the older service that clients in the field still use, with its keys and statuses.
   * Each RPC names the RPC that new clients use.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Returns the name and version of the service, and the prefixes of its paths.
     * </pre>
     */
    default void getServiceInfo(iotflow.v1.GetServiceInfoRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetServiceInfoResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetServiceInfoMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the health of the service, with figures of its machine and its devices. New clients use
     * SystemService.GetHealth with `detailed`, and FleetService.GetStats.
     * </pre>
     */
    default void getSystemStatus(iotflow.v1.GetSystemStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetSystemStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSystemStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists devices by id, in short form, `limit` at a time. New clients use FleetService.ListDevices.
     * </pre>
     */
    default void listDeviceStatuses(iotflow.v1.ListDeviceStatusesRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListDeviceStatusesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListDeviceStatusesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores a reading that the device sends by REST in the form of its MQTT messages. The body is
     * the JSON of a SubmitTelemetryRequest, or a flat object, as for
     * TelemetryService.SubmitTelemetryJson, which new clients use. UNAUTHENTICATED: the key is
     * missing, wrong, or belongs to another device.
     * </pre>
     */
    default void submitMqttTelemetryJson(iotflow.v1.SubmitMqttTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitMqttTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitMqttTelemetryJsonMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service LegacyService.
   * <pre>
   * REST paths of the older service that clients in the field still use, with its keys and statuses.
   * Each RPC names the RPC that new clients use.
   * </pre>
   */
  public static abstract class LegacyServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return LegacyServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service LegacyService.
   * <pre>
   * REST paths of the older service that clients in the field still use, with its keys and statuses.
   * Each RPC names the RPC that new clients use.
   * </pre>
   */
  public static final class LegacyServiceStub
      extends io.grpc.stub.AbstractAsyncStub<LegacyServiceStub> {
    private LegacyServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LegacyServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LegacyServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the name and version of the service, and the prefixes of its paths.
     * </pre>
     */
    public void getServiceInfo(iotflow.v1.GetServiceInfoRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetServiceInfoResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetServiceInfoMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the health of the service, with figures of its machine and its devices. New clients use
     * SystemService.GetHealth with `detailed`, and FleetService.GetStats.
     * </pre>
     */
    public void getSystemStatus(iotflow.v1.GetSystemStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetSystemStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetSystemStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists devices by id, in short form, `limit` at a time. New clients use FleetService.ListDevices.
     * </pre>
     */
    public void listDeviceStatuses(iotflow.v1.ListDeviceStatusesRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListDeviceStatusesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListDeviceStatusesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores a reading that the device sends by REST in the form of its MQTT messages. The body is
     * the JSON of a SubmitTelemetryRequest, or a flat object, as for
     * TelemetryService.SubmitTelemetryJson, which new clients use. UNAUTHENTICATED: the key is
     * missing, wrong, or belongs to another device.
     * </pre>
     */
    public void submitMqttTelemetryJson(iotflow.v1.SubmitMqttTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitMqttTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitMqttTelemetryJsonMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service LegacyService.
   * <pre>
   * REST paths of the older service that clients in the field still use, with its keys and statuses.
   * Each RPC names the RPC that new clients use.
   * </pre>
   */
  public static final class LegacyServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<LegacyServiceBlockingV2Stub> {
    private LegacyServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LegacyServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LegacyServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the name and version of the service, and the prefixes of its paths.
     * </pre>
     */
    public iotflow.v1.GetServiceInfoResponse getServiceInfo(iotflow.v1.GetServiceInfoRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetServiceInfoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the health of the service, with figures of its machine and its devices. New clients use
     * SystemService.GetHealth with `detailed`, and FleetService.GetStats.
     * </pre>
     */
    public iotflow.v1.GetSystemStatusResponse getSystemStatus(iotflow.v1.GetSystemStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetSystemStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists devices by id, in short form, `limit` at a time. New clients use FleetService.ListDevices.
     * </pre>
     */
    public iotflow.v1.ListDeviceStatusesResponse listDeviceStatuses(iotflow.v1.ListDeviceStatusesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListDeviceStatusesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores a reading that the device sends by REST in the form of its MQTT messages. The body is
     * the JSON of a SubmitTelemetryRequest, or a flat object, as for
     * TelemetryService.SubmitTelemetryJson, which new clients use. UNAUTHENTICATED: the key is
     * missing, wrong, or belongs to another device.
     * </pre>
     */
    public iotflow.v1.SubmitMqttTelemetryResponse submitMqttTelemetryJson(iotflow.v1.SubmitMqttTelemetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitMqttTelemetryJsonMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service LegacyService.
   * <pre>
   * REST paths of the older service that clients in the field still use, with its keys and statuses.
   * Each RPC names the RPC that new clients use.
   * </pre>
   */
  public static final class LegacyServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<LegacyServiceBlockingStub> {
    private LegacyServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LegacyServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LegacyServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the name and version of the service, and the prefixes of its paths.
     * </pre>
     */
    public iotflow.v1.GetServiceInfoResponse getServiceInfo(iotflow.v1.GetServiceInfoRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetServiceInfoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the health of the service, with figures of its machine and its devices. New clients use
     * SystemService.GetHealth with `detailed`, and FleetService.GetStats.
     * </pre>
     */
    public iotflow.v1.GetSystemStatusResponse getSystemStatus(iotflow.v1.GetSystemStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetSystemStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists devices by id, in short form, `limit` at a time. New clients use FleetService.ListDevices.
     * </pre>
     */
    public iotflow.v1.ListDeviceStatusesResponse listDeviceStatuses(iotflow.v1.ListDeviceStatusesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListDeviceStatusesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores a reading that the device sends by REST in the form of its MQTT messages. The body is
     * the JSON of a SubmitTelemetryRequest, or a flat object, as for
     * TelemetryService.SubmitTelemetryJson, which new clients use. UNAUTHENTICATED: the key is
     * missing, wrong, or belongs to another device.
     * </pre>
     */
    public iotflow.v1.SubmitMqttTelemetryResponse submitMqttTelemetryJson(iotflow.v1.SubmitMqttTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitMqttTelemetryJsonMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service LegacyService.
   * <pre>
   * REST paths of the older service that clients in the field still use, with its keys and statuses.
   * Each RPC names the RPC that new clients use.
   * </pre>
   */
  public static final class LegacyServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<LegacyServiceFutureStub> {
    private LegacyServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LegacyServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LegacyServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the name and version of the service, and the prefixes of its paths.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetServiceInfoResponse> getServiceInfo(
        iotflow.v1.GetServiceInfoRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetServiceInfoMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the health of the service, with figures of its machine and its devices. New clients use
     * SystemService.GetHealth with `detailed`, and FleetService.GetStats.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetSystemStatusResponse> getSystemStatus(
        iotflow.v1.GetSystemStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetSystemStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists devices by id, in short form, `limit` at a time. New clients use FleetService.ListDevices.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ListDeviceStatusesResponse> listDeviceStatuses(
        iotflow.v1.ListDeviceStatusesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListDeviceStatusesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores a reading that the device sends by REST in the form of its MQTT messages. The body is
     * the JSON of a SubmitTelemetryRequest, or a flat object, as for
     * TelemetryService.SubmitTelemetryJson, which new clients use. UNAUTHENTICATED: the key is
     * missing, wrong, or belongs to another device.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SubmitMqttTelemetryResponse> submitMqttTelemetryJson(
        iotflow.v1.SubmitMqttTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitMqttTelemetryJsonMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_SERVICE_INFO = 0;
  private static final int METHODID_GET_SYSTEM_STATUS = 1;
  private static final int METHODID_LIST_DEVICE_STATUSES = 2;
  private static final int METHODID_SUBMIT_MQTT_TELEMETRY_JSON = 3;

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
        case METHODID_GET_SERVICE_INFO:
          serviceImpl.getServiceInfo((iotflow.v1.GetServiceInfoRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetServiceInfoResponse>) responseObserver);
          break;
        case METHODID_GET_SYSTEM_STATUS:
          serviceImpl.getSystemStatus((iotflow.v1.GetSystemStatusRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetSystemStatusResponse>) responseObserver);
          break;
        case METHODID_LIST_DEVICE_STATUSES:
          serviceImpl.listDeviceStatuses((iotflow.v1.ListDeviceStatusesRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ListDeviceStatusesResponse>) responseObserver);
          break;
        case METHODID_SUBMIT_MQTT_TELEMETRY_JSON:
          serviceImpl.submitMqttTelemetryJson((iotflow.v1.SubmitMqttTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SubmitMqttTelemetryResponse>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getGetServiceInfoMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetServiceInfoRequest,
              iotflow.v1.GetServiceInfoResponse>(
                service, METHODID_GET_SERVICE_INFO)))
        .addMethod(
          getGetSystemStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetSystemStatusRequest,
              iotflow.v1.GetSystemStatusResponse>(
                service, METHODID_GET_SYSTEM_STATUS)))
        .addMethod(
          getListDeviceStatusesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ListDeviceStatusesRequest,
              iotflow.v1.ListDeviceStatusesResponse>(
                service, METHODID_LIST_DEVICE_STATUSES)))
        .addMethod(
          getSubmitMqttTelemetryJsonMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SubmitMqttTelemetryRequest,
              iotflow.v1.SubmitMqttTelemetryResponse>(
                service, METHODID_SUBMIT_MQTT_TELEMETRY_JSON)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (LegacyServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getGetServiceInfoMethod())
              .addMethod(getGetSystemStatusMethod())
              .addMethod(getListDeviceStatusesMethod())
              .addMethod(getSubmitMqttTelemetryJsonMethod())
              .build();
        }
      }
    }
    return result;
  }
}
