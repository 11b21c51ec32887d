package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Accounts and permissions of MQTT clients, for adapters and for brokers that ask by HTTP. Callers
 * send a token of the role gateway or admin in the metadata `authorization: Bearer &lt;token&gt;`.
 * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (the field is named),
 * RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (retry after the stated time). Errors carry
 * google.rpc.ErrorInfo.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class MqttServiceGrpc {

  private MqttServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.MqttService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.WatchAccountsRequest,
      iotflow.v1.WatchAccountsResponse> getWatchAccountsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchAccounts",
      requestType = iotflow.v1.WatchAccountsRequest.class,
      responseType = iotflow.v1.WatchAccountsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.WatchAccountsRequest,
      iotflow.v1.WatchAccountsResponse> getWatchAccountsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.WatchAccountsRequest, iotflow.v1.WatchAccountsResponse> getWatchAccountsMethod;
    if ((getWatchAccountsMethod = MqttServiceGrpc.getWatchAccountsMethod) == null) {
      synchronized (MqttServiceGrpc.class) {
        if ((getWatchAccountsMethod = MqttServiceGrpc.getWatchAccountsMethod) == null) {
          MqttServiceGrpc.getWatchAccountsMethod = getWatchAccountsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.WatchAccountsRequest, iotflow.v1.WatchAccountsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchAccounts"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchAccountsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchAccountsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getWatchAccountsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.FindAccountRequest,
      iotflow.v1.FindAccountResponse> getFindAccountMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "FindAccount",
      requestType = iotflow.v1.FindAccountRequest.class,
      responseType = iotflow.v1.FindAccountResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.FindAccountRequest,
      iotflow.v1.FindAccountResponse> getFindAccountMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.FindAccountRequest, iotflow.v1.FindAccountResponse> getFindAccountMethod;
    if ((getFindAccountMethod = MqttServiceGrpc.getFindAccountMethod) == null) {
      synchronized (MqttServiceGrpc.class) {
        if ((getFindAccountMethod = MqttServiceGrpc.getFindAccountMethod) == null) {
          MqttServiceGrpc.getFindAccountMethod = getFindAccountMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.FindAccountRequest, iotflow.v1.FindAccountResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "FindAccount"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.FindAccountRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.FindAccountResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getFindAccountMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.FindAccountsRequest,
      iotflow.v1.FindAccountsResponse> getFindAccountsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "FindAccounts",
      requestType = iotflow.v1.FindAccountsRequest.class,
      responseType = iotflow.v1.FindAccountsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.FindAccountsRequest,
      iotflow.v1.FindAccountsResponse> getFindAccountsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.FindAccountsRequest, iotflow.v1.FindAccountsResponse> getFindAccountsMethod;
    if ((getFindAccountsMethod = MqttServiceGrpc.getFindAccountsMethod) == null) {
      synchronized (MqttServiceGrpc.class) {
        if ((getFindAccountsMethod = MqttServiceGrpc.getFindAccountsMethod) == null) {
          MqttServiceGrpc.getFindAccountsMethod = getFindAccountsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.FindAccountsRequest, iotflow.v1.FindAccountsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "FindAccounts"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.FindAccountsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.FindAccountsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getFindAccountsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ReportRejectionsRequest,
      iotflow.v1.ReportRejectionsResponse> getReportRejectionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReportRejections",
      requestType = iotflow.v1.ReportRejectionsRequest.class,
      responseType = iotflow.v1.ReportRejectionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ReportRejectionsRequest,
      iotflow.v1.ReportRejectionsResponse> getReportRejectionsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ReportRejectionsRequest, iotflow.v1.ReportRejectionsResponse> getReportRejectionsMethod;
    if ((getReportRejectionsMethod = MqttServiceGrpc.getReportRejectionsMethod) == null) {
      synchronized (MqttServiceGrpc.class) {
        if ((getReportRejectionsMethod = MqttServiceGrpc.getReportRejectionsMethod) == null) {
          MqttServiceGrpc.getReportRejectionsMethod = getReportRejectionsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ReportRejectionsRequest, iotflow.v1.ReportRejectionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReportRejections"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReportRejectionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReportRejectionsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getReportRejectionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.AuthenticateRequest,
      iotflow.v1.AuthenticateResponse> getAuthenticateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Authenticate",
      requestType = iotflow.v1.AuthenticateRequest.class,
      responseType = iotflow.v1.AuthenticateResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.AuthenticateRequest,
      iotflow.v1.AuthenticateResponse> getAuthenticateMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.AuthenticateRequest, iotflow.v1.AuthenticateResponse> getAuthenticateMethod;
    if ((getAuthenticateMethod = MqttServiceGrpc.getAuthenticateMethod) == null) {
      synchronized (MqttServiceGrpc.class) {
        if ((getAuthenticateMethod = MqttServiceGrpc.getAuthenticateMethod) == null) {
          MqttServiceGrpc.getAuthenticateMethod = getAuthenticateMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.AuthenticateRequest, iotflow.v1.AuthenticateResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Authenticate"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AuthenticateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AuthenticateResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getAuthenticateMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.AuthorizeRequest,
      iotflow.v1.AuthorizeResponse> getAuthorizeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Authorize",
      requestType = iotflow.v1.AuthorizeRequest.class,
      responseType = iotflow.v1.AuthorizeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.AuthorizeRequest,
      iotflow.v1.AuthorizeResponse> getAuthorizeMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.AuthorizeRequest, iotflow.v1.AuthorizeResponse> getAuthorizeMethod;
    if ((getAuthorizeMethod = MqttServiceGrpc.getAuthorizeMethod) == null) {
      synchronized (MqttServiceGrpc.class) {
        if ((getAuthorizeMethod = MqttServiceGrpc.getAuthorizeMethod) == null) {
          MqttServiceGrpc.getAuthorizeMethod = getAuthorizeMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.AuthorizeRequest, iotflow.v1.AuthorizeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Authorize"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AuthorizeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AuthorizeResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getAuthorizeMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static MqttServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MqttServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MqttServiceStub>() {
        @java.lang.Override
        public MqttServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MqttServiceStub(channel, callOptions);
        }
      };
    return MqttServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static MqttServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MqttServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MqttServiceBlockingV2Stub>() {
        @java.lang.Override
        public MqttServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MqttServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return MqttServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static MqttServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MqttServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MqttServiceBlockingStub>() {
        @java.lang.Override
        public MqttServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MqttServiceBlockingStub(channel, callOptions);
        }
      };
    return MqttServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static MqttServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MqttServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MqttServiceFutureStub>() {
        @java.lang.Override
        public MqttServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MqttServiceFutureStub(channel, callOptions);
        }
      };
    return MqttServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Accounts and permissions of MQTT clients, for adapters and for brokers that ask by HTTP. Callers
   * send a token of the role gateway or admin in the metadata `authorization: Bearer &lt;token&gt;`.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (the field is named),
   * RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (retry after the stated time). Errors carry
   * google.rpc.ErrorInfo.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Streams the accounts of all devices, by id, then each change. A client that reopens the stream
     * receives all accounts again; accounts that do not come again before `caught_up` were removed
     * meanwhile.
     * </pre>
     */
    default void watchAccounts(iotflow.v1.WatchAccountsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchAccountsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchAccountsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the account with the given key or user name. A rotated key is found until its grace
     * period ends. Finding an account by its key counts as a use of the key, which starts the grace
     * period of the key before. NOT_FOUND: there is no such account.
     * </pre>
     */
    default void findAccount(iotflow.v1.FindAccountRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.FindAccountResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFindAccountMethod(), responseObserver);
    }

    /**
     * <pre>
     * FindAccount for the keys of many logins.
     * </pre>
     */
    default void findAccounts(iotflow.v1.FindAccountsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.FindAccountsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFindAccountsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reports how many messages an adapter has rejected since its last report, by reason.
     * SystemService.GetMqttStatus shows the sums.
     * </pre>
     */
    default void reportRejections(iotflow.v1.ReportRejectionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReportRejectionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReportRejectionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may connect. Requests and answers have the form of EMQX's HTTP
     * authentication; VerneMQ and HiveMQ can be configured to use it. A device's user name is its id
     * or its name, and its password is its API key. An adapter's user name is `iotflow/gateway`, and
     * its password is a token of the role gateway or admin.
     * </pre>
     */
    default void authenticate(iotflow.v1.AuthenticateRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AuthenticateResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAuthenticateMethod(), responseObserver);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may publish to a topic or subscribe to a filter. A device may
     * use the topics below its own id and name, and no others. A client without a user name may
     * publish if the setting IOTFLOW_MQTT_ANONYMOUS allows it and its listener has the mount point
     * `anonymous/`.
     * </pre>
     */
    default void authorize(iotflow.v1.AuthorizeRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AuthorizeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAuthorizeMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service MqttService.
   * <pre>
   * Accounts and permissions of MQTT clients, for adapters and for brokers that ask by HTTP. Callers
   * send a token of the role gateway or admin in the metadata `authorization: Bearer &lt;token&gt;`.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (the field is named),
   * RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (retry after the stated time). Errors carry
   * google.rpc.ErrorInfo.
   * </pre>
   */
  public static abstract class MqttServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return MqttServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service MqttService.
   * <pre>
   * Accounts and permissions of MQTT clients, for adapters and for brokers that ask by HTTP. Callers
   * send a token of the role gateway or admin in the metadata `authorization: Bearer &lt;token&gt;`.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (the field is named),
   * RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (retry after the stated time). Errors carry
   * google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class MqttServiceStub
      extends io.grpc.stub.AbstractAsyncStub<MqttServiceStub> {
    private MqttServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MqttServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MqttServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Streams the accounts of all devices, by id, then each change. A client that reopens the stream
     * receives all accounts again; accounts that do not come again before `caught_up` were removed
     * meanwhile.
     * </pre>
     */
    public void watchAccounts(iotflow.v1.WatchAccountsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchAccountsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchAccountsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the account with the given key or user name. A rotated key is found until its grace
     * period ends. Finding an account by its key counts as a use of the key, which starts the grace
     * period of the key before. NOT_FOUND: there is no such account.
     * </pre>
     */
    public void findAccount(iotflow.v1.FindAccountRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.FindAccountResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFindAccountMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * FindAccount for the keys of many logins.
     * </pre>
     */
    public void findAccounts(iotflow.v1.FindAccountsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.FindAccountsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFindAccountsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reports how many messages an adapter has rejected since its last report, by reason.
     * SystemService.GetMqttStatus shows the sums.
     * </pre>
     */
    public void reportRejections(iotflow.v1.ReportRejectionsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReportRejectionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReportRejectionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may connect. Requests and answers have the form of EMQX's HTTP
     * authentication; VerneMQ and HiveMQ can be configured to use it. A device's user name is its id
     * or its name, and its password is its API key. An adapter's user name is `iotflow/gateway`, and
     * its password is a token of the role gateway or admin.
     * </pre>
     */
    public void authenticate(iotflow.v1.AuthenticateRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AuthenticateResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAuthenticateMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may publish to a topic or subscribe to a filter. A device may
     * use the topics below its own id and name, and no others. A client without a user name may
     * publish if the setting IOTFLOW_MQTT_ANONYMOUS allows it and its listener has the mount point
     * `anonymous/`.
     * </pre>
     */
    public void authorize(iotflow.v1.AuthorizeRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AuthorizeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAuthorizeMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service MqttService.
   * <pre>
   * Accounts and permissions of MQTT clients, for adapters and for brokers that ask by HTTP. Callers
   * send a token of the role gateway or admin in the metadata `authorization: Bearer &lt;token&gt;`.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (the field is named),
   * RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (retry after the stated time). Errors carry
   * google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class MqttServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<MqttServiceBlockingV2Stub> {
    private MqttServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MqttServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MqttServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Streams the accounts of all devices, by id, then each change. A client that reopens the stream
     * receives all accounts again; accounts that do not come again before `caught_up` were removed
     * meanwhile.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, iotflow.v1.WatchAccountsResponse>
        watchAccounts(iotflow.v1.WatchAccountsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchAccountsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the account with the given key or user name. A rotated key is found until its grace
     * period ends. Finding an account by its key counts as a use of the key, which starts the grace
     * period of the key before. NOT_FOUND: there is no such account.
     * </pre>
     */
    public iotflow.v1.FindAccountResponse findAccount(iotflow.v1.FindAccountRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFindAccountMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * FindAccount for the keys of many logins.
     * </pre>
     */
    public iotflow.v1.FindAccountsResponse findAccounts(iotflow.v1.FindAccountsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFindAccountsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports how many messages an adapter has rejected since its last report, by reason.
     * SystemService.GetMqttStatus shows the sums.
     * </pre>
     */
    public iotflow.v1.ReportRejectionsResponse reportRejections(iotflow.v1.ReportRejectionsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReportRejectionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may connect. Requests and answers have the form of EMQX's HTTP
     * authentication; VerneMQ and HiveMQ can be configured to use it. A device's user name is its id
     * or its name, and its password is its API key. An adapter's user name is `iotflow/gateway`, and
     * its password is a token of the role gateway or admin.
     * </pre>
     */
    public iotflow.v1.AuthenticateResponse authenticate(iotflow.v1.AuthenticateRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAuthenticateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may publish to a topic or subscribe to a filter. A device may
     * use the topics below its own id and name, and no others. A client without a user name may
     * publish if the setting IOTFLOW_MQTT_ANONYMOUS allows it and its listener has the mount point
     * `anonymous/`.
     * </pre>
     */
    public iotflow.v1.AuthorizeResponse authorize(iotflow.v1.AuthorizeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAuthorizeMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service MqttService.
   * <pre>
   * Accounts and permissions of MQTT clients, for adapters and for brokers that ask by HTTP. Callers
   * send a token of the role gateway or admin in the metadata `authorization: Bearer &lt;token&gt;`.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (the field is named),
   * RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (retry after the stated time). Errors carry
   * google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class MqttServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<MqttServiceBlockingStub> {
    private MqttServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MqttServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MqttServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Streams the accounts of all devices, by id, then each change. A client that reopens the stream
     * receives all accounts again; accounts that do not come again before `caught_up` were removed
     * meanwhile.
     * </pre>
     */
    public java.util.Iterator<iotflow.v1.WatchAccountsResponse> watchAccounts(
        iotflow.v1.WatchAccountsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchAccountsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the account with the given key or user name. A rotated key is found until its grace
     * period ends. Finding an account by its key counts as a use of the key, which starts the grace
     * period of the key before. NOT_FOUND: there is no such account.
     * </pre>
     */
    public iotflow.v1.FindAccountResponse findAccount(iotflow.v1.FindAccountRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFindAccountMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * FindAccount for the keys of many logins.
     * </pre>
     */
    public iotflow.v1.FindAccountsResponse findAccounts(iotflow.v1.FindAccountsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFindAccountsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports how many messages an adapter has rejected since its last report, by reason.
     * SystemService.GetMqttStatus shows the sums.
     * </pre>
     */
    public iotflow.v1.ReportRejectionsResponse reportRejections(iotflow.v1.ReportRejectionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReportRejectionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may connect. Requests and answers have the form of EMQX's HTTP
     * authentication; VerneMQ and HiveMQ can be configured to use it. A device's user name is its id
     * or its name, and its password is its API key. An adapter's user name is `iotflow/gateway`, and
     * its password is a token of the role gateway or admin.
     * </pre>
     */
    public iotflow.v1.AuthenticateResponse authenticate(iotflow.v1.AuthenticateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAuthenticateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may publish to a topic or subscribe to a filter. A device may
     * use the topics below its own id and name, and no others. A client without a user name may
     * publish if the setting IOTFLOW_MQTT_ANONYMOUS allows it and its listener has the mount point
     * `anonymous/`.
     * </pre>
     */
    public iotflow.v1.AuthorizeResponse authorize(iotflow.v1.AuthorizeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAuthorizeMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service MqttService.
   * <pre>
   * Accounts and permissions of MQTT clients, for adapters and for brokers that ask by HTTP. Callers
   * send a token of the role gateway or admin in the metadata `authorization: Bearer &lt;token&gt;`.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (the field is named),
   * RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (retry after the stated time). Errors carry
   * google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class MqttServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<MqttServiceFutureStub> {
    private MqttServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MqttServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MqttServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns the account with the given key or user name. A rotated key is found until its grace
     * period ends. Finding an account by its key counts as a use of the key, which starts the grace
     * period of the key before. NOT_FOUND: there is no such account.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.FindAccountResponse> findAccount(
        iotflow.v1.FindAccountRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFindAccountMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * FindAccount for the keys of many logins.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.FindAccountsResponse> findAccounts(
        iotflow.v1.FindAccountsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFindAccountsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reports how many messages an adapter has rejected since its last report, by reason.
     * SystemService.GetMqttStatus shows the sums.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ReportRejectionsResponse> reportRejections(
        iotflow.v1.ReportRejectionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReportRejectionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may connect. Requests and answers have the form of EMQX's HTTP
     * authentication; VerneMQ and HiveMQ can be configured to use it. A device's user name is its id
     * or its name, and its password is its API key. An adapter's user name is `iotflow/gateway`, and
     * its password is a token of the role gateway or admin.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.AuthenticateResponse> authenticate(
        iotflow.v1.AuthenticateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAuthenticateMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Decides whether an MQTT client may publish to a topic or subscribe to a filter. A device may
     * use the topics below its own id and name, and no others. A client without a user name may
     * publish if the setting IOTFLOW_MQTT_ANONYMOUS allows it and its listener has the mount point
     * `anonymous/`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.AuthorizeResponse> authorize(
        iotflow.v1.AuthorizeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAuthorizeMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_WATCH_ACCOUNTS = 0;
  private static final int METHODID_FIND_ACCOUNT = 1;
  private static final int METHODID_FIND_ACCOUNTS = 2;
  private static final int METHODID_REPORT_REJECTIONS = 3;
  private static final int METHODID_AUTHENTICATE = 4;
  private static final int METHODID_AUTHORIZE = 5;

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
        case METHODID_WATCH_ACCOUNTS:
          serviceImpl.watchAccounts((iotflow.v1.WatchAccountsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.WatchAccountsResponse>) responseObserver);
          break;
        case METHODID_FIND_ACCOUNT:
          serviceImpl.findAccount((iotflow.v1.FindAccountRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.FindAccountResponse>) responseObserver);
          break;
        case METHODID_FIND_ACCOUNTS:
          serviceImpl.findAccounts((iotflow.v1.FindAccountsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.FindAccountsResponse>) responseObserver);
          break;
        case METHODID_REPORT_REJECTIONS:
          serviceImpl.reportRejections((iotflow.v1.ReportRejectionsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ReportRejectionsResponse>) responseObserver);
          break;
        case METHODID_AUTHENTICATE:
          serviceImpl.authenticate((iotflow.v1.AuthenticateRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.AuthenticateResponse>) responseObserver);
          break;
        case METHODID_AUTHORIZE:
          serviceImpl.authorize((iotflow.v1.AuthorizeRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.AuthorizeResponse>) responseObserver);
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
          getWatchAccountsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.WatchAccountsRequest,
              iotflow.v1.WatchAccountsResponse>(
                service, METHODID_WATCH_ACCOUNTS)))
        .addMethod(
          getFindAccountMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.FindAccountRequest,
              iotflow.v1.FindAccountResponse>(
                service, METHODID_FIND_ACCOUNT)))
        .addMethod(
          getFindAccountsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.FindAccountsRequest,
              iotflow.v1.FindAccountsResponse>(
                service, METHODID_FIND_ACCOUNTS)))
        .addMethod(
          getReportRejectionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ReportRejectionsRequest,
              iotflow.v1.ReportRejectionsResponse>(
                service, METHODID_REPORT_REJECTIONS)))
        .addMethod(
          getAuthenticateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.AuthenticateRequest,
              iotflow.v1.AuthenticateResponse>(
                service, METHODID_AUTHENTICATE)))
        .addMethod(
          getAuthorizeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.AuthorizeRequest,
              iotflow.v1.AuthorizeResponse>(
                service, METHODID_AUTHORIZE)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (MqttServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getWatchAccountsMethod())
              .addMethod(getFindAccountMethod())
              .addMethod(getFindAccountsMethod())
              .addMethod(getReportRejectionsMethod())
              .addMethod(getAuthenticateMethod())
              .addMethod(getAuthorizeMethod())
              .build();
        }
      }
    }
    return result;
  }
}
