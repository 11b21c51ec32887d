package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Bearer tokens of people and programs.
 * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
 * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
 * RESOURCE_EXHAUSTED and UNAVAILABLE.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TokenServiceGrpc {

  private TokenServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.TokenService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.CreateTokenRequest,
      iotflow.v1.CreateTokenResponse> getCreateTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateToken",
      requestType = iotflow.v1.CreateTokenRequest.class,
      responseType = iotflow.v1.CreateTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.CreateTokenRequest,
      iotflow.v1.CreateTokenResponse> getCreateTokenMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.CreateTokenRequest, iotflow.v1.CreateTokenResponse> getCreateTokenMethod;
    if ((getCreateTokenMethod = TokenServiceGrpc.getCreateTokenMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getCreateTokenMethod = TokenServiceGrpc.getCreateTokenMethod) == null) {
          TokenServiceGrpc.getCreateTokenMethod = getCreateTokenMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.CreateTokenRequest, iotflow.v1.CreateTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateToken"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.CreateTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.CreateTokenResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getCreateTokenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.CreateTokenResponse> getCreateTokenJsonMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateTokenJson",
      requestType = com.google.api.HttpBody.class,
      responseType = iotflow.v1.CreateTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.CreateTokenResponse> getCreateTokenJsonMethod() {
    io.grpc.MethodDescriptor<com.google.api.HttpBody, iotflow.v1.CreateTokenResponse> getCreateTokenJsonMethod;
    if ((getCreateTokenJsonMethod = TokenServiceGrpc.getCreateTokenJsonMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getCreateTokenJsonMethod = TokenServiceGrpc.getCreateTokenJsonMethod) == null) {
          TokenServiceGrpc.getCreateTokenJsonMethod = getCreateTokenJsonMethod =
              io.grpc.MethodDescriptor.<com.google.api.HttpBody, iotflow.v1.CreateTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateTokenJson"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  com.google.api.HttpBody.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.CreateTokenResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getCreateTokenJsonMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ListTokensRequest,
      iotflow.v1.ListTokensResponse> getListTokensMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTokens",
      requestType = iotflow.v1.ListTokensRequest.class,
      responseType = iotflow.v1.ListTokensResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ListTokensRequest,
      iotflow.v1.ListTokensResponse> getListTokensMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ListTokensRequest, iotflow.v1.ListTokensResponse> getListTokensMethod;
    if ((getListTokensMethod = TokenServiceGrpc.getListTokensMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getListTokensMethod = TokenServiceGrpc.getListTokensMethod) == null) {
          TokenServiceGrpc.getListTokensMethod = getListTokensMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ListTokensRequest, iotflow.v1.ListTokensResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTokens"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListTokensRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListTokensResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getListTokensMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.RevokeTokenRequest,
      iotflow.v1.RevokeTokenResponse> getRevokeTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevokeToken",
      requestType = iotflow.v1.RevokeTokenRequest.class,
      responseType = iotflow.v1.RevokeTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.RevokeTokenRequest,
      iotflow.v1.RevokeTokenResponse> getRevokeTokenMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.RevokeTokenRequest, iotflow.v1.RevokeTokenResponse> getRevokeTokenMethod;
    if ((getRevokeTokenMethod = TokenServiceGrpc.getRevokeTokenMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getRevokeTokenMethod = TokenServiceGrpc.getRevokeTokenMethod) == null) {
          TokenServiceGrpc.getRevokeTokenMethod = getRevokeTokenMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.RevokeTokenRequest, iotflow.v1.RevokeTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevokeToken"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RevokeTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RevokeTokenResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getRevokeTokenMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TokenServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceStub>() {
        @java.lang.Override
        public TokenServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceStub(channel, callOptions);
        }
      };
    return TokenServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TokenServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingV2Stub>() {
        @java.lang.Override
        public TokenServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TokenServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TokenServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingStub>() {
        @java.lang.Override
        public TokenServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceBlockingStub(channel, callOptions);
        }
      };
    return TokenServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TokenServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceFutureStub>() {
        @java.lang.Override
        public TokenServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceFutureStub(channel, callOptions);
        }
      };
    return TokenServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Bearer tokens of people and programs.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Creates a token. The answer shows the secret once. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    default void createToken(iotflow.v1.CreateTokenRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.CreateTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTokenMethod(), responseObserver);
    }

    /**
     * <pre>
     * CreateToken for REST. The body is the JSON of a CreateTokenRequest. Unknown fields are rejected
     * by name, so that a misspelt `time_to_live_seconds` cannot create a token without an end.
     * </pre>
     */
    default void createTokenJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.CreateTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTokenJsonMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists all tokens by id, expired ones too, without their secrets.
     * </pre>
     */
    default void listTokens(iotflow.v1.ListTokensRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListTokensResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTokensMethod(), responseObserver);
    }

    /**
     * <pre>
     * Revokes a token at once and ends its open streams. FAILED_PRECONDITION: the token belongs to a
     * file of the data folder; delete the file to change it.
     * </pre>
     */
    default void revokeToken(iotflow.v1.RevokeTokenRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RevokeTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevokeTokenMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TokenService.
   * <pre>
   * Bearer tokens of people and programs.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static abstract class TokenServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TokenServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TokenService.
   * <pre>
   * Bearer tokens of people and programs.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class TokenServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TokenServiceStub> {
    private TokenServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a token. The answer shows the secret once. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public void createToken(iotflow.v1.CreateTokenRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.CreateTokenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTokenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * CreateToken for REST. The body is the JSON of a CreateTokenRequest. Unknown fields are rejected
     * by name, so that a misspelt `time_to_live_seconds` cannot create a token without an end.
     * </pre>
     */
    public void createTokenJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.CreateTokenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTokenJsonMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists all tokens by id, expired ones too, without their secrets.
     * </pre>
     */
    public void listTokens(iotflow.v1.ListTokensRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListTokensResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTokensMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Revokes a token at once and ends its open streams. FAILED_PRECONDITION: the token belongs to a
     * file of the data folder; delete the file to change it.
     * </pre>
     */
    public void revokeToken(iotflow.v1.RevokeTokenRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RevokeTokenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevokeTokenMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TokenService.
   * <pre>
   * Bearer tokens of people and programs.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class TokenServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TokenServiceBlockingV2Stub> {
    private TokenServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a token. The answer shows the secret once. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public iotflow.v1.CreateTokenResponse createToken(iotflow.v1.CreateTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CreateToken for REST. The body is the JSON of a CreateTokenRequest. Unknown fields are rejected
     * by name, so that a misspelt `time_to_live_seconds` cannot create a token without an end.
     * </pre>
     */
    public iotflow.v1.CreateTokenResponse createTokenJson(com.google.api.HttpBody request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTokenJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists all tokens by id, expired ones too, without their secrets.
     * </pre>
     */
    public iotflow.v1.ListTokensResponse listTokens(iotflow.v1.ListTokensRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes a token at once and ends its open streams. FAILED_PRECONDITION: the token belongs to a
     * file of the data folder; delete the file to change it.
     * </pre>
     */
    public iotflow.v1.RevokeTokenResponse revokeToken(iotflow.v1.RevokeTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevokeTokenMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TokenService.
   * <pre>
   * Bearer tokens of people and programs.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class TokenServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TokenServiceBlockingStub> {
    private TokenServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a token. The answer shows the secret once. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public iotflow.v1.CreateTokenResponse createToken(iotflow.v1.CreateTokenRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CreateToken for REST. The body is the JSON of a CreateTokenRequest. Unknown fields are rejected
     * by name, so that a misspelt `time_to_live_seconds` cannot create a token without an end.
     * </pre>
     */
    public iotflow.v1.CreateTokenResponse createTokenJson(com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTokenJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists all tokens by id, expired ones too, without their secrets.
     * </pre>
     */
    public iotflow.v1.ListTokensResponse listTokens(iotflow.v1.ListTokensRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes a token at once and ends its open streams. FAILED_PRECONDITION: the token belongs to a
     * file of the data folder; delete the file to change it.
     * </pre>
     */
    public iotflow.v1.RevokeTokenResponse revokeToken(iotflow.v1.RevokeTokenRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevokeTokenMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TokenService.
   * <pre>
   * Bearer tokens of people and programs.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class TokenServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TokenServiceFutureStub> {
    private TokenServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a token. The answer shows the secret once. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.CreateTokenResponse> createToken(
        iotflow.v1.CreateTokenRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTokenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * CreateToken for REST. The body is the JSON of a CreateTokenRequest. Unknown fields are rejected
     * by name, so that a misspelt `time_to_live_seconds` cannot create a token without an end.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.CreateTokenResponse> createTokenJson(
        com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTokenJsonMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists all tokens by id, expired ones too, without their secrets.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ListTokensResponse> listTokens(
        iotflow.v1.ListTokensRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTokensMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Revokes a token at once and ends its open streams. FAILED_PRECONDITION: the token belongs to a
     * file of the data folder; delete the file to change it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.RevokeTokenResponse> revokeToken(
        iotflow.v1.RevokeTokenRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevokeTokenMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_TOKEN = 0;
  private static final int METHODID_CREATE_TOKEN_JSON = 1;
  private static final int METHODID_LIST_TOKENS = 2;
  private static final int METHODID_REVOKE_TOKEN = 3;

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
        case METHODID_CREATE_TOKEN:
          serviceImpl.createToken((iotflow.v1.CreateTokenRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.CreateTokenResponse>) responseObserver);
          break;
        case METHODID_CREATE_TOKEN_JSON:
          serviceImpl.createTokenJson((com.google.api.HttpBody) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.CreateTokenResponse>) responseObserver);
          break;
        case METHODID_LIST_TOKENS:
          serviceImpl.listTokens((iotflow.v1.ListTokensRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ListTokensResponse>) responseObserver);
          break;
        case METHODID_REVOKE_TOKEN:
          serviceImpl.revokeToken((iotflow.v1.RevokeTokenRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.RevokeTokenResponse>) responseObserver);
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
          getCreateTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.CreateTokenRequest,
              iotflow.v1.CreateTokenResponse>(
                service, METHODID_CREATE_TOKEN)))
        .addMethod(
          getCreateTokenJsonMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.google.api.HttpBody,
              iotflow.v1.CreateTokenResponse>(
                service, METHODID_CREATE_TOKEN_JSON)))
        .addMethod(
          getListTokensMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ListTokensRequest,
              iotflow.v1.ListTokensResponse>(
                service, METHODID_LIST_TOKENS)))
        .addMethod(
          getRevokeTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.RevokeTokenRequest,
              iotflow.v1.RevokeTokenResponse>(
                service, METHODID_REVOKE_TOKEN)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (TokenServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getCreateTokenMethod())
              .addMethod(getCreateTokenJsonMethod())
              .addMethod(getListTokensMethod())
              .addMethod(getRevokeTokenMethod())
              .build();
        }
      }
    }
    return result;
  }
}
