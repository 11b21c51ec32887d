package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Commands to devices.
 * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
 * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
 * RESOURCE_EXHAUSTED and UNAVAILABLE.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class CommandServiceGrpc {

  private CommandServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.CommandService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SendCommandRequest,
      iotflow.v1.SendCommandResponse> getSendCommandMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SendCommand",
      requestType = iotflow.v1.SendCommandRequest.class,
      responseType = iotflow.v1.SendCommandResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SendCommandRequest,
      iotflow.v1.SendCommandResponse> getSendCommandMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SendCommandRequest, iotflow.v1.SendCommandResponse> getSendCommandMethod;
    if ((getSendCommandMethod = CommandServiceGrpc.getSendCommandMethod) == null) {
      synchronized (CommandServiceGrpc.class) {
        if ((getSendCommandMethod = CommandServiceGrpc.getSendCommandMethod) == null) {
          CommandServiceGrpc.getSendCommandMethod = getSendCommandMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SendCommandRequest, iotflow.v1.SendCommandResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SendCommand"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SendCommandRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SendCommandResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSendCommandMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SendGroupCommandRequest,
      iotflow.v1.SendGroupCommandResponse> getSendGroupCommandMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SendGroupCommand",
      requestType = iotflow.v1.SendGroupCommandRequest.class,
      responseType = iotflow.v1.SendGroupCommandResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SendGroupCommandRequest,
      iotflow.v1.SendGroupCommandResponse> getSendGroupCommandMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SendGroupCommandRequest, iotflow.v1.SendGroupCommandResponse> getSendGroupCommandMethod;
    if ((getSendGroupCommandMethod = CommandServiceGrpc.getSendGroupCommandMethod) == null) {
      synchronized (CommandServiceGrpc.class) {
        if ((getSendGroupCommandMethod = CommandServiceGrpc.getSendGroupCommandMethod) == null) {
          CommandServiceGrpc.getSendGroupCommandMethod = getSendGroupCommandMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SendGroupCommandRequest, iotflow.v1.SendGroupCommandResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SendGroupCommand"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SendGroupCommandRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SendGroupCommandResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSendGroupCommandMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetCommandRequest,
      iotflow.v1.GetCommandResponse> getGetCommandMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetCommand",
      requestType = iotflow.v1.GetCommandRequest.class,
      responseType = iotflow.v1.GetCommandResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetCommandRequest,
      iotflow.v1.GetCommandResponse> getGetCommandMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetCommandRequest, iotflow.v1.GetCommandResponse> getGetCommandMethod;
    if ((getGetCommandMethod = CommandServiceGrpc.getGetCommandMethod) == null) {
      synchronized (CommandServiceGrpc.class) {
        if ((getGetCommandMethod = CommandServiceGrpc.getGetCommandMethod) == null) {
          CommandServiceGrpc.getGetCommandMethod = getGetCommandMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetCommandRequest, iotflow.v1.GetCommandResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetCommand"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetCommandRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetCommandResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetCommandMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ListCommandsRequest,
      iotflow.v1.ListCommandsResponse> getListCommandsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListCommands",
      requestType = iotflow.v1.ListCommandsRequest.class,
      responseType = iotflow.v1.ListCommandsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ListCommandsRequest,
      iotflow.v1.ListCommandsResponse> getListCommandsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ListCommandsRequest, iotflow.v1.ListCommandsResponse> getListCommandsMethod;
    if ((getListCommandsMethod = CommandServiceGrpc.getListCommandsMethod) == null) {
      synchronized (CommandServiceGrpc.class) {
        if ((getListCommandsMethod = CommandServiceGrpc.getListCommandsMethod) == null) {
          CommandServiceGrpc.getListCommandsMethod = getListCommandsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ListCommandsRequest, iotflow.v1.ListCommandsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListCommands"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListCommandsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListCommandsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getListCommandsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.WatchCommandsRequest,
      iotflow.v1.WatchCommandsResponse> getWatchCommandsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchCommands",
      requestType = iotflow.v1.WatchCommandsRequest.class,
      responseType = iotflow.v1.WatchCommandsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.WatchCommandsRequest,
      iotflow.v1.WatchCommandsResponse> getWatchCommandsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.WatchCommandsRequest, iotflow.v1.WatchCommandsResponse> getWatchCommandsMethod;
    if ((getWatchCommandsMethod = CommandServiceGrpc.getWatchCommandsMethod) == null) {
      synchronized (CommandServiceGrpc.class) {
        if ((getWatchCommandsMethod = CommandServiceGrpc.getWatchCommandsMethod) == null) {
          CommandServiceGrpc.getWatchCommandsMethod = getWatchCommandsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.WatchCommandsRequest, iotflow.v1.WatchCommandsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchCommands"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchCommandsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchCommandsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getWatchCommandsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.CancelCommandRequest,
      iotflow.v1.CancelCommandResponse> getCancelCommandMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelCommand",
      requestType = iotflow.v1.CancelCommandRequest.class,
      responseType = iotflow.v1.CancelCommandResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.CancelCommandRequest,
      iotflow.v1.CancelCommandResponse> getCancelCommandMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.CancelCommandRequest, iotflow.v1.CancelCommandResponse> getCancelCommandMethod;
    if ((getCancelCommandMethod = CommandServiceGrpc.getCancelCommandMethod) == null) {
      synchronized (CommandServiceGrpc.class) {
        if ((getCancelCommandMethod = CommandServiceGrpc.getCancelCommandMethod) == null) {
          CommandServiceGrpc.getCancelCommandMethod = getCancelCommandMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.CancelCommandRequest, iotflow.v1.CancelCommandResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelCommand"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.CancelCommandRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.CancelCommandResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getCancelCommandMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static CommandServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CommandServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CommandServiceStub>() {
        @java.lang.Override
        public CommandServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CommandServiceStub(channel, callOptions);
        }
      };
    return CommandServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static CommandServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CommandServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CommandServiceBlockingV2Stub>() {
        @java.lang.Override
        public CommandServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CommandServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return CommandServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static CommandServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CommandServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CommandServiceBlockingStub>() {
        @java.lang.Override
        public CommandServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CommandServiceBlockingStub(channel, callOptions);
        }
      };
    return CommandServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static CommandServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CommandServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CommandServiceFutureStub>() {
        @java.lang.Override
        public CommandServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CommandServiceFutureStub(channel, callOptions);
        }
      };
    return CommandServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Commands to devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Queues a command for a device. With `wait_seconds`, waits for its end. A call with the
     * idempotency key of an earlier call returns the command of that call. RESOURCE_EXHAUSTED
     * (COMMANDS_WAITING): the device has 1000 open commands.
     * </pre>
     */
    default void sendCommand(iotflow.v1.SendCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SendCommandResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSendCommandMethod(), responseObserver);
    }

    /**
     * <pre>
     * Queues a command for every device of a type, in one transaction. Inactive devices are left out.
     * A device that already has a command with this idempotency key gets no second one.
     * </pre>
     */
    default void sendGroupCommand(iotflow.v1.SendGroupCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SendGroupCommandResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSendGroupCommandMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a command.
     * </pre>
     */
    default void getCommand(iotflow.v1.GetCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetCommandResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetCommandMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists commands of one device or of all devices, newest first.
     * </pre>
     */
    default void listCommands(iotflow.v1.ListCommandsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListCommandsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListCommandsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams commands as they change (REST: server-sent events). Changes in quick succession may be
     * merged into the last one. A slow client receives `missed` in place of the changes that it lost.
     * </pre>
     */
    default void watchCommands(iotflow.v1.WatchCommandsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchCommandsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchCommandsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Cancels an open command. A device that already has the command may still execute it; its result
     * then replaces `cancelled`. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    default void cancelCommand(iotflow.v1.CancelCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.CancelCommandResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelCommandMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service CommandService.
   * <pre>
   * Commands to devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static abstract class CommandServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return CommandServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service CommandService.
   * <pre>
   * Commands to devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class CommandServiceStub
      extends io.grpc.stub.AbstractAsyncStub<CommandServiceStub> {
    private CommandServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CommandServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CommandServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Queues a command for a device. With `wait_seconds`, waits for its end. A call with the
     * idempotency key of an earlier call returns the command of that call. RESOURCE_EXHAUSTED
     * (COMMANDS_WAITING): the device has 1000 open commands.
     * </pre>
     */
    public void sendCommand(iotflow.v1.SendCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SendCommandResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSendCommandMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Queues a command for every device of a type, in one transaction. Inactive devices are left out.
     * A device that already has a command with this idempotency key gets no second one.
     * </pre>
     */
    public void sendGroupCommand(iotflow.v1.SendGroupCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SendGroupCommandResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSendGroupCommandMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a command.
     * </pre>
     */
    public void getCommand(iotflow.v1.GetCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetCommandResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetCommandMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists commands of one device or of all devices, newest first.
     * </pre>
     */
    public void listCommands(iotflow.v1.ListCommandsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListCommandsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListCommandsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams commands as they change (REST: server-sent events). Changes in quick succession may be
     * merged into the last one. A slow client receives `missed` in place of the changes that it lost.
     * </pre>
     */
    public void watchCommands(iotflow.v1.WatchCommandsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchCommandsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchCommandsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Cancels an open command. A device that already has the command may still execute it; its result
     * then replaces `cancelled`. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public void cancelCommand(iotflow.v1.CancelCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.CancelCommandResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCancelCommandMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service CommandService.
   * <pre>
   * Commands to devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class CommandServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<CommandServiceBlockingV2Stub> {
    private CommandServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CommandServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CommandServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Queues a command for a device. With `wait_seconds`, waits for its end. A call with the
     * idempotency key of an earlier call returns the command of that call. RESOURCE_EXHAUSTED
     * (COMMANDS_WAITING): the device has 1000 open commands.
     * </pre>
     */
    public iotflow.v1.SendCommandResponse sendCommand(iotflow.v1.SendCommandRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSendCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Queues a command for every device of a type, in one transaction. Inactive devices are left out.
     * A device that already has a command with this idempotency key gets no second one.
     * </pre>
     */
    public iotflow.v1.SendGroupCommandResponse sendGroupCommand(iotflow.v1.SendGroupCommandRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSendGroupCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a command.
     * </pre>
     */
    public iotflow.v1.GetCommandResponse getCommand(iotflow.v1.GetCommandRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists commands of one device or of all devices, newest first.
     * </pre>
     */
    public iotflow.v1.ListCommandsResponse listCommands(iotflow.v1.ListCommandsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListCommandsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams commands as they change (REST: server-sent events). Changes in quick succession may be
     * merged into the last one. A slow client receives `missed` in place of the changes that it lost.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, iotflow.v1.WatchCommandsResponse>
        watchCommands(iotflow.v1.WatchCommandsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchCommandsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Cancels an open command. A device that already has the command may still execute it; its result
     * then replaces `cancelled`. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public iotflow.v1.CancelCommandResponse cancelCommand(iotflow.v1.CancelCommandRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelCommandMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service CommandService.
   * <pre>
   * Commands to devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class CommandServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<CommandServiceBlockingStub> {
    private CommandServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CommandServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CommandServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Queues a command for a device. With `wait_seconds`, waits for its end. A call with the
     * idempotency key of an earlier call returns the command of that call. RESOURCE_EXHAUSTED
     * (COMMANDS_WAITING): the device has 1000 open commands.
     * </pre>
     */
    public iotflow.v1.SendCommandResponse sendCommand(iotflow.v1.SendCommandRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSendCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Queues a command for every device of a type, in one transaction. Inactive devices are left out.
     * A device that already has a command with this idempotency key gets no second one.
     * </pre>
     */
    public iotflow.v1.SendGroupCommandResponse sendGroupCommand(iotflow.v1.SendGroupCommandRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSendGroupCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a command.
     * </pre>
     */
    public iotflow.v1.GetCommandResponse getCommand(iotflow.v1.GetCommandRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists commands of one device or of all devices, newest first.
     * </pre>
     */
    public iotflow.v1.ListCommandsResponse listCommands(iotflow.v1.ListCommandsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListCommandsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams commands as they change (REST: server-sent events). Changes in quick succession may be
     * merged into the last one. A slow client receives `missed` in place of the changes that it lost.
     * </pre>
     */
    public java.util.Iterator<iotflow.v1.WatchCommandsResponse> watchCommands(
        iotflow.v1.WatchCommandsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchCommandsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Cancels an open command. A device that already has the command may still execute it; its result
     * then replaces `cancelled`. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public iotflow.v1.CancelCommandResponse cancelCommand(iotflow.v1.CancelCommandRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCancelCommandMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service CommandService.
   * <pre>
   * Commands to devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class CommandServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<CommandServiceFutureStub> {
    private CommandServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CommandServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CommandServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Queues a command for a device. With `wait_seconds`, waits for its end. A call with the
     * idempotency key of an earlier call returns the command of that call. RESOURCE_EXHAUSTED
     * (COMMANDS_WAITING): the device has 1000 open commands.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SendCommandResponse> sendCommand(
        iotflow.v1.SendCommandRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSendCommandMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Queues a command for every device of a type, in one transaction. Inactive devices are left out.
     * A device that already has a command with this idempotency key gets no second one.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SendGroupCommandResponse> sendGroupCommand(
        iotflow.v1.SendGroupCommandRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSendGroupCommandMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a command.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetCommandResponse> getCommand(
        iotflow.v1.GetCommandRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetCommandMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists commands of one device or of all devices, newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ListCommandsResponse> listCommands(
        iotflow.v1.ListCommandsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListCommandsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Cancels an open command. A device that already has the command may still execute it; its result
     * then replaces `cancelled`. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.CancelCommandResponse> cancelCommand(
        iotflow.v1.CancelCommandRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCancelCommandMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_SEND_COMMAND = 0;
  private static final int METHODID_SEND_GROUP_COMMAND = 1;
  private static final int METHODID_GET_COMMAND = 2;
  private static final int METHODID_LIST_COMMANDS = 3;
  private static final int METHODID_WATCH_COMMANDS = 4;
  private static final int METHODID_CANCEL_COMMAND = 5;

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
        case METHODID_SEND_COMMAND:
          serviceImpl.sendCommand((iotflow.v1.SendCommandRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SendCommandResponse>) responseObserver);
          break;
        case METHODID_SEND_GROUP_COMMAND:
          serviceImpl.sendGroupCommand((iotflow.v1.SendGroupCommandRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SendGroupCommandResponse>) responseObserver);
          break;
        case METHODID_GET_COMMAND:
          serviceImpl.getCommand((iotflow.v1.GetCommandRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetCommandResponse>) responseObserver);
          break;
        case METHODID_LIST_COMMANDS:
          serviceImpl.listCommands((iotflow.v1.ListCommandsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ListCommandsResponse>) responseObserver);
          break;
        case METHODID_WATCH_COMMANDS:
          serviceImpl.watchCommands((iotflow.v1.WatchCommandsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.WatchCommandsResponse>) responseObserver);
          break;
        case METHODID_CANCEL_COMMAND:
          serviceImpl.cancelCommand((iotflow.v1.CancelCommandRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.CancelCommandResponse>) responseObserver);
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
          getSendCommandMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SendCommandRequest,
              iotflow.v1.SendCommandResponse>(
                service, METHODID_SEND_COMMAND)))
        .addMethod(
          getSendGroupCommandMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SendGroupCommandRequest,
              iotflow.v1.SendGroupCommandResponse>(
                service, METHODID_SEND_GROUP_COMMAND)))
        .addMethod(
          getGetCommandMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetCommandRequest,
              iotflow.v1.GetCommandResponse>(
                service, METHODID_GET_COMMAND)))
        .addMethod(
          getListCommandsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ListCommandsRequest,
              iotflow.v1.ListCommandsResponse>(
                service, METHODID_LIST_COMMANDS)))
        .addMethod(
          getWatchCommandsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.WatchCommandsRequest,
              iotflow.v1.WatchCommandsResponse>(
                service, METHODID_WATCH_COMMANDS)))
        .addMethod(
          getCancelCommandMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.CancelCommandRequest,
              iotflow.v1.CancelCommandResponse>(
                service, METHODID_CANCEL_COMMAND)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (CommandServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getSendCommandMethod())
              .addMethod(getSendGroupCommandMethod())
              .addMethod(getGetCommandMethod())
              .addMethod(getListCommandsMethod())
              .addMethod(getWatchCommandsMethod())
              .addMethod(getCancelCommandMethod())
              .build();
        }
      }
    }
    return result;
  }
}
