package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Desired configurations of devices, and their difference from the reported ones.
 * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
 * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
 * RESOURCE_EXHAUSTED and UNAVAILABLE.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ConfigServiceGrpc {

  private ConfigServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.ConfigService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetConfigTwinRequest,
      iotflow.v1.GetConfigTwinResponse> getGetConfigTwinMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetConfigTwin",
      requestType = iotflow.v1.GetConfigTwinRequest.class,
      responseType = iotflow.v1.GetConfigTwinResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetConfigTwinRequest,
      iotflow.v1.GetConfigTwinResponse> getGetConfigTwinMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetConfigTwinRequest, iotflow.v1.GetConfigTwinResponse> getGetConfigTwinMethod;
    if ((getGetConfigTwinMethod = ConfigServiceGrpc.getGetConfigTwinMethod) == null) {
      synchronized (ConfigServiceGrpc.class) {
        if ((getGetConfigTwinMethod = ConfigServiceGrpc.getGetConfigTwinMethod) == null) {
          ConfigServiceGrpc.getGetConfigTwinMethod = getGetConfigTwinMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetConfigTwinRequest, iotflow.v1.GetConfigTwinResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetConfigTwin"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetConfigTwinRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetConfigTwinResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetConfigTwinMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SetDesiredConfigRequest,
      iotflow.v1.SetDesiredConfigResponse> getSetDesiredConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetDesiredConfig",
      requestType = iotflow.v1.SetDesiredConfigRequest.class,
      responseType = iotflow.v1.SetDesiredConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SetDesiredConfigRequest,
      iotflow.v1.SetDesiredConfigResponse> getSetDesiredConfigMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SetDesiredConfigRequest, iotflow.v1.SetDesiredConfigResponse> getSetDesiredConfigMethod;
    if ((getSetDesiredConfigMethod = ConfigServiceGrpc.getSetDesiredConfigMethod) == null) {
      synchronized (ConfigServiceGrpc.class) {
        if ((getSetDesiredConfigMethod = ConfigServiceGrpc.getSetDesiredConfigMethod) == null) {
          ConfigServiceGrpc.getSetDesiredConfigMethod = getSetDesiredConfigMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SetDesiredConfigRequest, iotflow.v1.SetDesiredConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetDesiredConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SetDesiredConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SetDesiredConfigResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSetDesiredConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.PatchDesiredConfigRequest,
      iotflow.v1.PatchDesiredConfigResponse> getPatchDesiredConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PatchDesiredConfig",
      requestType = iotflow.v1.PatchDesiredConfigRequest.class,
      responseType = iotflow.v1.PatchDesiredConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.PatchDesiredConfigRequest,
      iotflow.v1.PatchDesiredConfigResponse> getPatchDesiredConfigMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.PatchDesiredConfigRequest, iotflow.v1.PatchDesiredConfigResponse> getPatchDesiredConfigMethod;
    if ((getPatchDesiredConfigMethod = ConfigServiceGrpc.getPatchDesiredConfigMethod) == null) {
      synchronized (ConfigServiceGrpc.class) {
        if ((getPatchDesiredConfigMethod = ConfigServiceGrpc.getPatchDesiredConfigMethod) == null) {
          ConfigServiceGrpc.getPatchDesiredConfigMethod = getPatchDesiredConfigMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.PatchDesiredConfigRequest, iotflow.v1.PatchDesiredConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PatchDesiredConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.PatchDesiredConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.PatchDesiredConfigResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getPatchDesiredConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ListConfigVersionsRequest,
      iotflow.v1.ListConfigVersionsResponse> getListConfigVersionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListConfigVersions",
      requestType = iotflow.v1.ListConfigVersionsRequest.class,
      responseType = iotflow.v1.ListConfigVersionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ListConfigVersionsRequest,
      iotflow.v1.ListConfigVersionsResponse> getListConfigVersionsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ListConfigVersionsRequest, iotflow.v1.ListConfigVersionsResponse> getListConfigVersionsMethod;
    if ((getListConfigVersionsMethod = ConfigServiceGrpc.getListConfigVersionsMethod) == null) {
      synchronized (ConfigServiceGrpc.class) {
        if ((getListConfigVersionsMethod = ConfigServiceGrpc.getListConfigVersionsMethod) == null) {
          ConfigServiceGrpc.getListConfigVersionsMethod = getListConfigVersionsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ListConfigVersionsRequest, iotflow.v1.ListConfigVersionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListConfigVersions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListConfigVersionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListConfigVersionsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getListConfigVersionsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ConfigServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ConfigServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ConfigServiceStub>() {
        @java.lang.Override
        public ConfigServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ConfigServiceStub(channel, callOptions);
        }
      };
    return ConfigServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ConfigServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ConfigServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ConfigServiceBlockingV2Stub>() {
        @java.lang.Override
        public ConfigServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ConfigServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ConfigServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ConfigServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ConfigServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ConfigServiceBlockingStub>() {
        @java.lang.Override
        public ConfigServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ConfigServiceBlockingStub(channel, callOptions);
        }
      };
    return ConfigServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ConfigServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ConfigServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ConfigServiceFutureStub>() {
        @java.lang.Override
        public ConfigServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ConfigServiceFutureStub(channel, callOptions);
        }
      };
    return ConfigServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Desired configurations of devices, and their difference from the reported ones.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Returns the desired configuration, the reported configuration and the difference.
     * </pre>
     */
    default void getConfigTwin(iotflow.v1.GetConfigTwinRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetConfigTwinResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetConfigTwinMethod(), responseObserver);
    }

    /**
     * <pre>
     * Replaces the desired configuration. ABORTED: `expected_version` is not the current version.
     * </pre>
     */
    default void setDesiredConfig(iotflow.v1.SetDesiredConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SetDesiredConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetDesiredConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes parts of the desired configuration by a JSON merge patch (RFC 7396); null removes a
     * key. A patch without effect creates no version. ABORTED: `expected_version` is not the current
     * version.
     * </pre>
     */
    default void patchDesiredConfig(iotflow.v1.PatchDesiredConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.PatchDesiredConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPatchDesiredConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the versions of the desired configuration, newest first. The server keeps old versions
     * for the time that its settings state.
     * </pre>
     */
    default void listConfigVersions(iotflow.v1.ListConfigVersionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListConfigVersionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListConfigVersionsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ConfigService.
   * <pre>
   * Desired configurations of devices, and their difference from the reported ones.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static abstract class ConfigServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ConfigServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ConfigService.
   * <pre>
   * Desired configurations of devices, and their difference from the reported ones.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class ConfigServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ConfigServiceStub> {
    private ConfigServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ConfigServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ConfigServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the desired configuration, the reported configuration and the difference.
     * </pre>
     */
    public void getConfigTwin(iotflow.v1.GetConfigTwinRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetConfigTwinResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetConfigTwinMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Replaces the desired configuration. ABORTED: `expected_version` is not the current version.
     * </pre>
     */
    public void setDesiredConfig(iotflow.v1.SetDesiredConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SetDesiredConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetDesiredConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes parts of the desired configuration by a JSON merge patch (RFC 7396); null removes a
     * key. A patch without effect creates no version. ABORTED: `expected_version` is not the current
     * version.
     * </pre>
     */
    public void patchDesiredConfig(iotflow.v1.PatchDesiredConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.PatchDesiredConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPatchDesiredConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the versions of the desired configuration, newest first. The server keeps old versions
     * for the time that its settings state.
     * </pre>
     */
    public void listConfigVersions(iotflow.v1.ListConfigVersionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListConfigVersionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListConfigVersionsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ConfigService.
   * <pre>
   * Desired configurations of devices, and their difference from the reported ones.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class ConfigServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ConfigServiceBlockingV2Stub> {
    private ConfigServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ConfigServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ConfigServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the desired configuration, the reported configuration and the difference.
     * </pre>
     */
    public iotflow.v1.GetConfigTwinResponse getConfigTwin(iotflow.v1.GetConfigTwinRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetConfigTwinMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces the desired configuration. ABORTED: `expected_version` is not the current version.
     * </pre>
     */
    public iotflow.v1.SetDesiredConfigResponse setDesiredConfig(iotflow.v1.SetDesiredConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetDesiredConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes parts of the desired configuration by a JSON merge patch (RFC 7396); null removes a
     * key. A patch without effect creates no version. ABORTED: `expected_version` is not the current
     * version.
     * </pre>
     */
    public iotflow.v1.PatchDesiredConfigResponse patchDesiredConfig(iotflow.v1.PatchDesiredConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPatchDesiredConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the versions of the desired configuration, newest first. The server keeps old versions
     * for the time that its settings state.
     * </pre>
     */
    public iotflow.v1.ListConfigVersionsResponse listConfigVersions(iotflow.v1.ListConfigVersionsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListConfigVersionsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ConfigService.
   * <pre>
   * Desired configurations of devices, and their difference from the reported ones.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class ConfigServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ConfigServiceBlockingStub> {
    private ConfigServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ConfigServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ConfigServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the desired configuration, the reported configuration and the difference.
     * </pre>
     */
    public iotflow.v1.GetConfigTwinResponse getConfigTwin(iotflow.v1.GetConfigTwinRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetConfigTwinMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces the desired configuration. ABORTED: `expected_version` is not the current version.
     * </pre>
     */
    public iotflow.v1.SetDesiredConfigResponse setDesiredConfig(iotflow.v1.SetDesiredConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetDesiredConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes parts of the desired configuration by a JSON merge patch (RFC 7396); null removes a
     * key. A patch without effect creates no version. ABORTED: `expected_version` is not the current
     * version.
     * </pre>
     */
    public iotflow.v1.PatchDesiredConfigResponse patchDesiredConfig(iotflow.v1.PatchDesiredConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPatchDesiredConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the versions of the desired configuration, newest first. The server keeps old versions
     * for the time that its settings state.
     * </pre>
     */
    public iotflow.v1.ListConfigVersionsResponse listConfigVersions(iotflow.v1.ListConfigVersionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListConfigVersionsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ConfigService.
   * <pre>
   * Desired configurations of devices, and their difference from the reported ones.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class ConfigServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ConfigServiceFutureStub> {
    private ConfigServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ConfigServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ConfigServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the desired configuration, the reported configuration and the difference.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetConfigTwinResponse> getConfigTwin(
        iotflow.v1.GetConfigTwinRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetConfigTwinMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Replaces the desired configuration. ABORTED: `expected_version` is not the current version.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SetDesiredConfigResponse> setDesiredConfig(
        iotflow.v1.SetDesiredConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetDesiredConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes parts of the desired configuration by a JSON merge patch (RFC 7396); null removes a
     * key. A patch without effect creates no version. ABORTED: `expected_version` is not the current
     * version.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.PatchDesiredConfigResponse> patchDesiredConfig(
        iotflow.v1.PatchDesiredConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPatchDesiredConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the versions of the desired configuration, newest first. The server keeps old versions
     * for the time that its settings state.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ListConfigVersionsResponse> listConfigVersions(
        iotflow.v1.ListConfigVersionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListConfigVersionsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_CONFIG_TWIN = 0;
  private static final int METHODID_SET_DESIRED_CONFIG = 1;
  private static final int METHODID_PATCH_DESIRED_CONFIG = 2;
  private static final int METHODID_LIST_CONFIG_VERSIONS = 3;

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
        case METHODID_GET_CONFIG_TWIN:
          serviceImpl.getConfigTwin((iotflow.v1.GetConfigTwinRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetConfigTwinResponse>) responseObserver);
          break;
        case METHODID_SET_DESIRED_CONFIG:
          serviceImpl.setDesiredConfig((iotflow.v1.SetDesiredConfigRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SetDesiredConfigResponse>) responseObserver);
          break;
        case METHODID_PATCH_DESIRED_CONFIG:
          serviceImpl.patchDesiredConfig((iotflow.v1.PatchDesiredConfigRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.PatchDesiredConfigResponse>) responseObserver);
          break;
        case METHODID_LIST_CONFIG_VERSIONS:
          serviceImpl.listConfigVersions((iotflow.v1.ListConfigVersionsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ListConfigVersionsResponse>) responseObserver);
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
          getGetConfigTwinMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetConfigTwinRequest,
              iotflow.v1.GetConfigTwinResponse>(
                service, METHODID_GET_CONFIG_TWIN)))
        .addMethod(
          getSetDesiredConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SetDesiredConfigRequest,
              iotflow.v1.SetDesiredConfigResponse>(
                service, METHODID_SET_DESIRED_CONFIG)))
        .addMethod(
          getPatchDesiredConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.PatchDesiredConfigRequest,
              iotflow.v1.PatchDesiredConfigResponse>(
                service, METHODID_PATCH_DESIRED_CONFIG)))
        .addMethod(
          getListConfigVersionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ListConfigVersionsRequest,
              iotflow.v1.ListConfigVersionsResponse>(
                service, METHODID_LIST_CONFIG_VERSIONS)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (ConfigServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getGetConfigTwinMethod())
              .addMethod(getSetDesiredConfigMethod())
              .addMethod(getPatchDesiredConfigMethod())
              .addMethod(getListConfigVersionsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
