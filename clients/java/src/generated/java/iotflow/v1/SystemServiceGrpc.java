package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The health of the service.
 * Every RPC may end with RESOURCE_EXHAUSTED (rate limit). Errors carry google.rpc.ErrorInfo.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SystemServiceGrpc {

  private SystemServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.SystemService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetHealthRequest,
      iotflow.v1.GetHealthResponse> getGetHealthMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetHealth",
      requestType = iotflow.v1.GetHealthRequest.class,
      responseType = iotflow.v1.GetHealthResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetHealthRequest,
      iotflow.v1.GetHealthResponse> getGetHealthMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetHealthRequest, iotflow.v1.GetHealthResponse> getGetHealthMethod;
    if ((getGetHealthMethod = SystemServiceGrpc.getGetHealthMethod) == null) {
      synchronized (SystemServiceGrpc.class) {
        if ((getGetHealthMethod = SystemServiceGrpc.getGetHealthMethod) == null) {
          SystemServiceGrpc.getGetHealthMethod = getGetHealthMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetHealthRequest, iotflow.v1.GetHealthResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetHealth"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetHealthRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetHealthResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetHealthMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetMetricsRequest,
      com.google.api.HttpBody> getGetMetricsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMetrics",
      requestType = iotflow.v1.GetMetricsRequest.class,
      responseType = com.google.api.HttpBody.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetMetricsRequest,
      com.google.api.HttpBody> getGetMetricsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetMetricsRequest, com.google.api.HttpBody> getGetMetricsMethod;
    if ((getGetMetricsMethod = SystemServiceGrpc.getGetMetricsMethod) == null) {
      synchronized (SystemServiceGrpc.class) {
        if ((getGetMetricsMethod = SystemServiceGrpc.getGetMetricsMethod) == null) {
          SystemServiceGrpc.getGetMetricsMethod = getGetMetricsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetMetricsRequest, com.google.api.HttpBody>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMetrics"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetMetricsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  com.google.api.HttpBody.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetMetricsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetMqttStatusRequest,
      iotflow.v1.GetMqttStatusResponse> getGetMqttStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMqttStatus",
      requestType = iotflow.v1.GetMqttStatusRequest.class,
      responseType = iotflow.v1.GetMqttStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetMqttStatusRequest,
      iotflow.v1.GetMqttStatusResponse> getGetMqttStatusMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetMqttStatusRequest, iotflow.v1.GetMqttStatusResponse> getGetMqttStatusMethod;
    if ((getGetMqttStatusMethod = SystemServiceGrpc.getGetMqttStatusMethod) == null) {
      synchronized (SystemServiceGrpc.class) {
        if ((getGetMqttStatusMethod = SystemServiceGrpc.getGetMqttStatusMethod) == null) {
          SystemServiceGrpc.getGetMqttStatusMethod = getGetMqttStatusMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetMqttStatusRequest, iotflow.v1.GetMqttStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMqttStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetMqttStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetMqttStatusResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetMqttStatusMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SystemServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceStub>() {
        @java.lang.Override
        public SystemServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceStub(channel, callOptions);
        }
      };
    return SystemServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static SystemServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingV2Stub>() {
        @java.lang.Override
        public SystemServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return SystemServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SystemServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingStub>() {
        @java.lang.Override
        public SystemServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceBlockingStub(channel, callOptions);
        }
      };
    return SystemServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SystemServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceFutureStub>() {
        @java.lang.Override
        public SystemServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceFutureStub(channel, callOptions);
        }
      };
    return SystemServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The health of the service.
   * Every RPC may end with RESOURCE_EXHAUSTED (rate limit). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Returns the health of the service. Answers HTTP 503 if the service cannot store readings.
     * `detailed` is open to the callers of GetMetrics only.
     * </pre>
     */
    default void getHealth(iotflow.v1.GetHealthRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetHealthResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetHealthMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns metrics in the text format of Prometheus.
     * </pre>
     */
    default void getMetrics(iotflow.v1.GetMetricsRequest request,
        io.grpc.stub.StreamObserver<com.google.api.HttpBody> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMetricsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns whether devices can use MQTT.
     * </pre>
     */
    default void getMqttStatus(iotflow.v1.GetMqttStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetMqttStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMqttStatusMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SystemService.
   * <pre>
   * The health of the service.
   * Every RPC may end with RESOURCE_EXHAUSTED (rate limit). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static abstract class SystemServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SystemServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SystemService.
   * <pre>
   * The health of the service.
   * Every RPC may end with RESOURCE_EXHAUSTED (rate limit). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class SystemServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SystemServiceStub> {
    private SystemServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the health of the service. Answers HTTP 503 if the service cannot store readings.
     * `detailed` is open to the callers of GetMetrics only.
     * </pre>
     */
    public void getHealth(iotflow.v1.GetHealthRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetHealthResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetHealthMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns metrics in the text format of Prometheus.
     * </pre>
     */
    public void getMetrics(iotflow.v1.GetMetricsRequest request,
        io.grpc.stub.StreamObserver<com.google.api.HttpBody> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMetricsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns whether devices can use MQTT.
     * </pre>
     */
    public void getMqttStatus(iotflow.v1.GetMqttStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetMqttStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMqttStatusMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SystemService.
   * <pre>
   * The health of the service.
   * Every RPC may end with RESOURCE_EXHAUSTED (rate limit). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class SystemServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<SystemServiceBlockingV2Stub> {
    private SystemServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the health of the service. Answers HTTP 503 if the service cannot store readings.
     * `detailed` is open to the callers of GetMetrics only.
     * </pre>
     */
    public iotflow.v1.GetHealthResponse getHealth(iotflow.v1.GetHealthRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetHealthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns metrics in the text format of Prometheus.
     * </pre>
     */
    public com.google.api.HttpBody getMetrics(iotflow.v1.GetMetricsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns whether devices can use MQTT.
     * </pre>
     */
    public iotflow.v1.GetMqttStatusResponse getMqttStatus(iotflow.v1.GetMqttStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMqttStatusMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service SystemService.
   * <pre>
   * The health of the service.
   * Every RPC may end with RESOURCE_EXHAUSTED (rate limit). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class SystemServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SystemServiceBlockingStub> {
    private SystemServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the health of the service. Answers HTTP 503 if the service cannot store readings.
     * `detailed` is open to the callers of GetMetrics only.
     * </pre>
     */
    public iotflow.v1.GetHealthResponse getHealth(iotflow.v1.GetHealthRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetHealthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns metrics in the text format of Prometheus.
     * </pre>
     */
    public com.google.api.HttpBody getMetrics(iotflow.v1.GetMetricsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns whether devices can use MQTT.
     * </pre>
     */
    public iotflow.v1.GetMqttStatusResponse getMqttStatus(iotflow.v1.GetMqttStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMqttStatusMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SystemService.
   * <pre>
   * The health of the service.
   * Every RPC may end with RESOURCE_EXHAUSTED (rate limit). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class SystemServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SystemServiceFutureStub> {
    private SystemServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the health of the service. Answers HTTP 503 if the service cannot store readings.
     * `detailed` is open to the callers of GetMetrics only.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetHealthResponse> getHealth(
        iotflow.v1.GetHealthRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetHealthMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns metrics in the text format of Prometheus.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.google.api.HttpBody> getMetrics(
        iotflow.v1.GetMetricsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMetricsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns whether devices can use MQTT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetMqttStatusResponse> getMqttStatus(
        iotflow.v1.GetMqttStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMqttStatusMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_HEALTH = 0;
  private static final int METHODID_GET_METRICS = 1;
  private static final int METHODID_GET_MQTT_STATUS = 2;

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
        case METHODID_GET_HEALTH:
          serviceImpl.getHealth((iotflow.v1.GetHealthRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetHealthResponse>) responseObserver);
          break;
        case METHODID_GET_METRICS:
          serviceImpl.getMetrics((iotflow.v1.GetMetricsRequest) request,
              (io.grpc.stub.StreamObserver<com.google.api.HttpBody>) responseObserver);
          break;
        case METHODID_GET_MQTT_STATUS:
          serviceImpl.getMqttStatus((iotflow.v1.GetMqttStatusRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetMqttStatusResponse>) responseObserver);
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
          getGetHealthMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetHealthRequest,
              iotflow.v1.GetHealthResponse>(
                service, METHODID_GET_HEALTH)))
        .addMethod(
          getGetMetricsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetMetricsRequest,
              com.google.api.HttpBody>(
                service, METHODID_GET_METRICS)))
        .addMethod(
          getGetMqttStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetMqttStatusRequest,
              iotflow.v1.GetMqttStatusResponse>(
                service, METHODID_GET_MQTT_STATUS)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (SystemServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getGetHealthMethod())
              .addMethod(getGetMetricsMethod())
              .addMethod(getGetMqttStatusMethod())
              .build();
        }
      }
    }
    return result;
  }
}
