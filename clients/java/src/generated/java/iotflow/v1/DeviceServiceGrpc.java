package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The RPCs by which a device manages itself. A device sends its API key in the metadata
 * `x-api-key`.
 * Every RPC may end with UNAUTHENTICATED (the key is missing or wrong), PERMISSION_DENIED (the
 * device is inactive), INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate
 * limit) and UNAVAILABLE (retry after the stated time). Errors carry google.rpc.ErrorInfo.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class DeviceServiceGrpc {

  private DeviceServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.DeviceService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.RegisterDeviceRequest,
      iotflow.v1.RegisterDeviceResponse> getRegisterDeviceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RegisterDevice",
      requestType = iotflow.v1.RegisterDeviceRequest.class,
      responseType = iotflow.v1.RegisterDeviceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.RegisterDeviceRequest,
      iotflow.v1.RegisterDeviceResponse> getRegisterDeviceMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.RegisterDeviceRequest, iotflow.v1.RegisterDeviceResponse> getRegisterDeviceMethod;
    if ((getRegisterDeviceMethod = DeviceServiceGrpc.getRegisterDeviceMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getRegisterDeviceMethod = DeviceServiceGrpc.getRegisterDeviceMethod) == null) {
          DeviceServiceGrpc.getRegisterDeviceMethod = getRegisterDeviceMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.RegisterDeviceRequest, iotflow.v1.RegisterDeviceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RegisterDevice"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RegisterDeviceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RegisterDeviceResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getRegisterDeviceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetDeviceStatusRequest,
      iotflow.v1.GetDeviceStatusResponse> getGetDeviceStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetDeviceStatus",
      requestType = iotflow.v1.GetDeviceStatusRequest.class,
      responseType = iotflow.v1.GetDeviceStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetDeviceStatusRequest,
      iotflow.v1.GetDeviceStatusResponse> getGetDeviceStatusMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetDeviceStatusRequest, iotflow.v1.GetDeviceStatusResponse> getGetDeviceStatusMethod;
    if ((getGetDeviceStatusMethod = DeviceServiceGrpc.getGetDeviceStatusMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getGetDeviceStatusMethod = DeviceServiceGrpc.getGetDeviceStatusMethod) == null) {
          DeviceServiceGrpc.getGetDeviceStatusMethod = getGetDeviceStatusMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetDeviceStatusRequest, iotflow.v1.GetDeviceStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetDeviceStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDeviceStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDeviceStatusResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetDeviceStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SendHeartbeatRequest,
      iotflow.v1.SendHeartbeatResponse> getSendHeartbeatMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SendHeartbeat",
      requestType = iotflow.v1.SendHeartbeatRequest.class,
      responseType = iotflow.v1.SendHeartbeatResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SendHeartbeatRequest,
      iotflow.v1.SendHeartbeatResponse> getSendHeartbeatMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SendHeartbeatRequest, iotflow.v1.SendHeartbeatResponse> getSendHeartbeatMethod;
    if ((getSendHeartbeatMethod = DeviceServiceGrpc.getSendHeartbeatMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getSendHeartbeatMethod = DeviceServiceGrpc.getSendHeartbeatMethod) == null) {
          DeviceServiceGrpc.getSendHeartbeatMethod = getSendHeartbeatMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SendHeartbeatRequest, iotflow.v1.SendHeartbeatResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SendHeartbeat"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SendHeartbeatRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SendHeartbeatResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSendHeartbeatMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetDeviceConfigRequest,
      iotflow.v1.GetDeviceConfigResponse> getGetDeviceConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetDeviceConfig",
      requestType = iotflow.v1.GetDeviceConfigRequest.class,
      responseType = iotflow.v1.GetDeviceConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetDeviceConfigRequest,
      iotflow.v1.GetDeviceConfigResponse> getGetDeviceConfigMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetDeviceConfigRequest, iotflow.v1.GetDeviceConfigResponse> getGetDeviceConfigMethod;
    if ((getGetDeviceConfigMethod = DeviceServiceGrpc.getGetDeviceConfigMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getGetDeviceConfigMethod = DeviceServiceGrpc.getGetDeviceConfigMethod) == null) {
          DeviceServiceGrpc.getGetDeviceConfigMethod = getGetDeviceConfigMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetDeviceConfigRequest, iotflow.v1.GetDeviceConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetDeviceConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDeviceConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDeviceConfigResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetDeviceConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.UpdateDeviceConfigRequest,
      iotflow.v1.UpdateDeviceConfigResponse> getUpdateDeviceConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateDeviceConfig",
      requestType = iotflow.v1.UpdateDeviceConfigRequest.class,
      responseType = iotflow.v1.UpdateDeviceConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.UpdateDeviceConfigRequest,
      iotflow.v1.UpdateDeviceConfigResponse> getUpdateDeviceConfigMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.UpdateDeviceConfigRequest, iotflow.v1.UpdateDeviceConfigResponse> getUpdateDeviceConfigMethod;
    if ((getUpdateDeviceConfigMethod = DeviceServiceGrpc.getUpdateDeviceConfigMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getUpdateDeviceConfigMethod = DeviceServiceGrpc.getUpdateDeviceConfigMethod) == null) {
          DeviceServiceGrpc.getUpdateDeviceConfigMethod = getUpdateDeviceConfigMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.UpdateDeviceConfigRequest, iotflow.v1.UpdateDeviceConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateDeviceConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UpdateDeviceConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UpdateDeviceConfigResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getUpdateDeviceConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.UpdateDeviceConfigResponse> getUpdateDeviceConfigJsonMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateDeviceConfigJson",
      requestType = com.google.api.HttpBody.class,
      responseType = iotflow.v1.UpdateDeviceConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.UpdateDeviceConfigResponse> getUpdateDeviceConfigJsonMethod() {
    io.grpc.MethodDescriptor<com.google.api.HttpBody, iotflow.v1.UpdateDeviceConfigResponse> getUpdateDeviceConfigJsonMethod;
    if ((getUpdateDeviceConfigJsonMethod = DeviceServiceGrpc.getUpdateDeviceConfigJsonMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getUpdateDeviceConfigJsonMethod = DeviceServiceGrpc.getUpdateDeviceConfigJsonMethod) == null) {
          DeviceServiceGrpc.getUpdateDeviceConfigJsonMethod = getUpdateDeviceConfigJsonMethod =
              io.grpc.MethodDescriptor.<com.google.api.HttpBody, iotflow.v1.UpdateDeviceConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateDeviceConfigJson"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  com.google.api.HttpBody.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UpdateDeviceConfigResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getUpdateDeviceConfigJsonMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.UnregisterDeviceRequest,
      iotflow.v1.UnregisterDeviceResponse> getUnregisterDeviceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UnregisterDevice",
      requestType = iotflow.v1.UnregisterDeviceRequest.class,
      responseType = iotflow.v1.UnregisterDeviceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.UnregisterDeviceRequest,
      iotflow.v1.UnregisterDeviceResponse> getUnregisterDeviceMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.UnregisterDeviceRequest, iotflow.v1.UnregisterDeviceResponse> getUnregisterDeviceMethod;
    if ((getUnregisterDeviceMethod = DeviceServiceGrpc.getUnregisterDeviceMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getUnregisterDeviceMethod = DeviceServiceGrpc.getUnregisterDeviceMethod) == null) {
          DeviceServiceGrpc.getUnregisterDeviceMethod = getUnregisterDeviceMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.UnregisterDeviceRequest, iotflow.v1.UnregisterDeviceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UnregisterDevice"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UnregisterDeviceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UnregisterDeviceResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getUnregisterDeviceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.RotateApiKeyRequest,
      iotflow.v1.RotateApiKeyResponse> getRotateApiKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RotateApiKey",
      requestType = iotflow.v1.RotateApiKeyRequest.class,
      responseType = iotflow.v1.RotateApiKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.RotateApiKeyRequest,
      iotflow.v1.RotateApiKeyResponse> getRotateApiKeyMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.RotateApiKeyRequest, iotflow.v1.RotateApiKeyResponse> getRotateApiKeyMethod;
    if ((getRotateApiKeyMethod = DeviceServiceGrpc.getRotateApiKeyMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getRotateApiKeyMethod = DeviceServiceGrpc.getRotateApiKeyMethod) == null) {
          DeviceServiceGrpc.getRotateApiKeyMethod = getRotateApiKeyMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.RotateApiKeyRequest, iotflow.v1.RotateApiKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RotateApiKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RotateApiKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RotateApiKeyResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getRotateApiKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.RotateApiKeyResponse> getRotateApiKeyJsonMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RotateApiKeyJson",
      requestType = com.google.api.HttpBody.class,
      responseType = iotflow.v1.RotateApiKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.RotateApiKeyResponse> getRotateApiKeyJsonMethod() {
    io.grpc.MethodDescriptor<com.google.api.HttpBody, iotflow.v1.RotateApiKeyResponse> getRotateApiKeyJsonMethod;
    if ((getRotateApiKeyJsonMethod = DeviceServiceGrpc.getRotateApiKeyJsonMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getRotateApiKeyJsonMethod = DeviceServiceGrpc.getRotateApiKeyJsonMethod) == null) {
          DeviceServiceGrpc.getRotateApiKeyJsonMethod = getRotateApiKeyJsonMethod =
              io.grpc.MethodDescriptor.<com.google.api.HttpBody, iotflow.v1.RotateApiKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RotateApiKeyJson"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  com.google.api.HttpBody.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RotateApiKeyResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getRotateApiKeyJsonMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.EndKeyGraceRequest,
      iotflow.v1.EndKeyGraceResponse> getEndKeyGraceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "EndKeyGrace",
      requestType = iotflow.v1.EndKeyGraceRequest.class,
      responseType = iotflow.v1.EndKeyGraceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.EndKeyGraceRequest,
      iotflow.v1.EndKeyGraceResponse> getEndKeyGraceMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.EndKeyGraceRequest, iotflow.v1.EndKeyGraceResponse> getEndKeyGraceMethod;
    if ((getEndKeyGraceMethod = DeviceServiceGrpc.getEndKeyGraceMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getEndKeyGraceMethod = DeviceServiceGrpc.getEndKeyGraceMethod) == null) {
          DeviceServiceGrpc.getEndKeyGraceMethod = getEndKeyGraceMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.EndKeyGraceRequest, iotflow.v1.EndKeyGraceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "EndKeyGrace"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.EndKeyGraceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.EndKeyGraceResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getEndKeyGraceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetMqttCredentialsRequest,
      iotflow.v1.GetMqttCredentialsResponse> getGetMqttCredentialsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMqttCredentials",
      requestType = iotflow.v1.GetMqttCredentialsRequest.class,
      responseType = iotflow.v1.GetMqttCredentialsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetMqttCredentialsRequest,
      iotflow.v1.GetMqttCredentialsResponse> getGetMqttCredentialsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetMqttCredentialsRequest, iotflow.v1.GetMqttCredentialsResponse> getGetMqttCredentialsMethod;
    if ((getGetMqttCredentialsMethod = DeviceServiceGrpc.getGetMqttCredentialsMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getGetMqttCredentialsMethod = DeviceServiceGrpc.getGetMqttCredentialsMethod) == null) {
          DeviceServiceGrpc.getGetMqttCredentialsMethod = getGetMqttCredentialsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetMqttCredentialsRequest, iotflow.v1.GetMqttCredentialsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMqttCredentials"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetMqttCredentialsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetMqttCredentialsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetMqttCredentialsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.StreamCommandsRequest,
      iotflow.v1.StreamCommandsResponse> getStreamCommandsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamCommands",
      requestType = iotflow.v1.StreamCommandsRequest.class,
      responseType = iotflow.v1.StreamCommandsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.StreamCommandsRequest,
      iotflow.v1.StreamCommandsResponse> getStreamCommandsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.StreamCommandsRequest, iotflow.v1.StreamCommandsResponse> getStreamCommandsMethod;
    if ((getStreamCommandsMethod = DeviceServiceGrpc.getStreamCommandsMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getStreamCommandsMethod = DeviceServiceGrpc.getStreamCommandsMethod) == null) {
          DeviceServiceGrpc.getStreamCommandsMethod = getStreamCommandsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.StreamCommandsRequest, iotflow.v1.StreamCommandsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamCommands"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.StreamCommandsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.StreamCommandsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getStreamCommandsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.PollCommandsRequest,
      iotflow.v1.PollCommandsResponse> getPollCommandsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PollCommands",
      requestType = iotflow.v1.PollCommandsRequest.class,
      responseType = iotflow.v1.PollCommandsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.PollCommandsRequest,
      iotflow.v1.PollCommandsResponse> getPollCommandsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.PollCommandsRequest, iotflow.v1.PollCommandsResponse> getPollCommandsMethod;
    if ((getPollCommandsMethod = DeviceServiceGrpc.getPollCommandsMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getPollCommandsMethod = DeviceServiceGrpc.getPollCommandsMethod) == null) {
          DeviceServiceGrpc.getPollCommandsMethod = getPollCommandsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.PollCommandsRequest, iotflow.v1.PollCommandsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PollCommands"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.PollCommandsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.PollCommandsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getPollCommandsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.AckCommandRequest,
      iotflow.v1.AckCommandResponse> getAckCommandMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AckCommand",
      requestType = iotflow.v1.AckCommandRequest.class,
      responseType = iotflow.v1.AckCommandResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.AckCommandRequest,
      iotflow.v1.AckCommandResponse> getAckCommandMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.AckCommandRequest, iotflow.v1.AckCommandResponse> getAckCommandMethod;
    if ((getAckCommandMethod = DeviceServiceGrpc.getAckCommandMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getAckCommandMethod = DeviceServiceGrpc.getAckCommandMethod) == null) {
          DeviceServiceGrpc.getAckCommandMethod = getAckCommandMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.AckCommandRequest, iotflow.v1.AckCommandResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AckCommand"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AckCommandRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AckCommandResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getAckCommandMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.WatchConfigRequest,
      iotflow.v1.WatchConfigResponse> getWatchConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchConfig",
      requestType = iotflow.v1.WatchConfigRequest.class,
      responseType = iotflow.v1.WatchConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.WatchConfigRequest,
      iotflow.v1.WatchConfigResponse> getWatchConfigMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.WatchConfigRequest, iotflow.v1.WatchConfigResponse> getWatchConfigMethod;
    if ((getWatchConfigMethod = DeviceServiceGrpc.getWatchConfigMethod) == null) {
      synchronized (DeviceServiceGrpc.class) {
        if ((getWatchConfigMethod = DeviceServiceGrpc.getWatchConfigMethod) == null) {
          DeviceServiceGrpc.getWatchConfigMethod = getWatchConfigMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.WatchConfigRequest, iotflow.v1.WatchConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.WatchConfigResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getWatchConfigMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static DeviceServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DeviceServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DeviceServiceStub>() {
        @java.lang.Override
        public DeviceServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DeviceServiceStub(channel, callOptions);
        }
      };
    return DeviceServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static DeviceServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DeviceServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DeviceServiceBlockingV2Stub>() {
        @java.lang.Override
        public DeviceServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DeviceServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return DeviceServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static DeviceServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DeviceServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DeviceServiceBlockingStub>() {
        @java.lang.Override
        public DeviceServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DeviceServiceBlockingStub(channel, callOptions);
        }
      };
    return DeviceServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static DeviceServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DeviceServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DeviceServiceFutureStub>() {
        @java.lang.Override
        public DeviceServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DeviceServiceFutureStub(channel, callOptions);
        }
      };
    return DeviceServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The RPCs by which a device manages itself. A device sends its API key in the metadata
   * `x-api-key`.
   * Every RPC may end with UNAUTHENTICATED (the key is missing or wrong), PERMISSION_DENIED (the
   * device is inactive), INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate
   * limit) and UNAVAILABLE (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Registers a device and creates its API key. The answer shows the key once. The setting
     * IOTFLOW_REGISTRATION decides who may call this RPC: anyone, holders of a registrar's or admin's
     * token (`authorization: Bearer &lt;token&gt;`), or admins. ALREADY_EXISTS: the name is in use.
     * PERMISSION_DENIED: registration is closed, or the token may not register devices.
     * </pre>
     */
    default void registerDevice(iotflow.v1.RegisterDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RegisterDeviceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRegisterDeviceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the calling device and the number of its stored readings.
     * </pre>
     */
    default void getDeviceStatus(iotflow.v1.GetDeviceStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetDeviceStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reports that the device is online, or that it goes offline.
     * </pre>
     */
    default void sendHeartbeat(iotflow.v1.SendHeartbeatRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SendHeartbeatResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSendHeartbeatMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the configuration that the device last reported, and the desired one.
     * </pre>
     */
    default void getDeviceConfig(iotflow.v1.GetDeviceConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetDeviceConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reports the device's state: named fields, a whole configuration, or one key of it.
     * </pre>
     */
    default void updateDeviceConfig(iotflow.v1.UpdateDeviceConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateDeviceConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * UpdateDeviceConfig for REST. The body is the JSON of an UpdateDeviceConfigRequest, read with
     * every digit of its numbers. The answer shows whole numbers beyond 2^53 as strings.
     * </pre>
     */
    default void updateDeviceConfigJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateDeviceConfigJsonMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes the calling device. Its key is invalid at once; its telemetry remains.
     * PERMISSION_DENIED (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    default void unregisterDevice(iotflow.v1.UnregisterDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UnregisterDeviceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUnregisterDeviceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a new key for the device. The answer shows it once. The old key keeps all its rights
     * until the new key is first used, so a lost answer does no harm: rotate again, which revokes the
     * unused new key. After the first use of the new key, the old key remains valid for a grace
     * period, but can no longer rotate keys or unregister the device. PERMISSION_DENIED
     * (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    default void rotateApiKey(iotflow.v1.RotateApiKeyRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RotateApiKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRotateApiKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * RotateApiKey for REST. The body is the JSON of a RotateApiKeyRequest, or empty. Unknown fields
     * are rejected by name.
     * </pre>
     */
    default void rotateApiKeyJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.RotateApiKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRotateApiKeyJsonMethod(), responseObserver);
    }

    /**
     * <pre>
     * Revokes the old key at once, before its grace period ends. Only the new key can do this. Has no
     * effect if there is no old key. PERMISSION_DENIED (KEY_REPLACED): the call used the old key.
     * </pre>
     */
    default void endKeyGrace(iotflow.v1.EndKeyGraceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.EndKeyGraceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEndKeyGraceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the address of the device's MQTT broker, its user name and its topics. The password is
     * the device's API key and is not returned.
     * </pre>
     */
    default void getMqttCredentials(iotflow.v1.GetMqttCredentialsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetMqttCredentialsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMqttCredentialsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Delivers commands to the device and receives their results. The server first sends the open
     * commands, oldest first, then new commands as they are sent; queued commands become delivered.
     * Commands that the device has not answered when the stream ends are sent again on the next
     * stream, with the same id. A device may open several streams; each receives all commands.
     * The server answers every result with a receipt, in order. A receipt with an empty reason means
     * that the result is stored durably; otherwise the result was rejected. The stream continues in
     * both cases.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<iotflow.v1.StreamCommandsRequest> streamCommands(
        io.grpc.stub.StreamObserver<iotflow.v1.StreamCommandsResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getStreamCommandsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the device's open commands, oldest first. Queued commands become delivered. The path with GET
     * is for older devices; it is the only GET of the API that changes anything.
     * </pre>
     */
    default void pollCommands(iotflow.v1.PollCommandsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.PollCommandsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPollCommandsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores the result of a command. Sending the same result again has no effect. The result of a
     * command that expired or was cancelled after its delivery replaces that state. NOT_FOUND: the
     * device has no such command. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    default void ackCommand(iotflow.v1.AckCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AckCommandResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAckCommandMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the desired configuration: the current version at once, then each new one. Versions in
     * quick succession may be skipped.
     * </pre>
     */
    default void watchConfig(iotflow.v1.WatchConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchConfigMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service DeviceService.
   * <pre>
   * The RPCs by which a device manages itself. A device sends its API key in the metadata
   * `x-api-key`.
   * Every RPC may end with UNAUTHENTICATED (the key is missing or wrong), PERMISSION_DENIED (the
   * device is inactive), INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate
   * limit) and UNAVAILABLE (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static abstract class DeviceServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return DeviceServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service DeviceService.
   * <pre>
   * The RPCs by which a device manages itself. A device sends its API key in the metadata
   * `x-api-key`.
   * Every RPC may end with UNAUTHENTICATED (the key is missing or wrong), PERMISSION_DENIED (the
   * device is inactive), INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate
   * limit) and UNAVAILABLE (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class DeviceServiceStub
      extends io.grpc.stub.AbstractAsyncStub<DeviceServiceStub> {
    private DeviceServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DeviceServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DeviceServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a device and creates its API key. The answer shows the key once. The setting
     * IOTFLOW_REGISTRATION decides who may call this RPC: anyone, holders of a registrar's or admin's
     * token (`authorization: Bearer &lt;token&gt;`), or admins. ALREADY_EXISTS: the name is in use.
     * PERMISSION_DENIED: registration is closed, or the token may not register devices.
     * </pre>
     */
    public void registerDevice(iotflow.v1.RegisterDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RegisterDeviceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRegisterDeviceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the calling device and the number of its stored readings.
     * </pre>
     */
    public void getDeviceStatus(iotflow.v1.GetDeviceStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetDeviceStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reports that the device is online, or that it goes offline.
     * </pre>
     */
    public void sendHeartbeat(iotflow.v1.SendHeartbeatRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SendHeartbeatResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSendHeartbeatMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the configuration that the device last reported, and the desired one.
     * </pre>
     */
    public void getDeviceConfig(iotflow.v1.GetDeviceConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetDeviceConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reports the device's state: named fields, a whole configuration, or one key of it.
     * </pre>
     */
    public void updateDeviceConfig(iotflow.v1.UpdateDeviceConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateDeviceConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * UpdateDeviceConfig for REST. The body is the JSON of an UpdateDeviceConfigRequest, read with
     * every digit of its numbers. The answer shows whole numbers beyond 2^53 as strings.
     * </pre>
     */
    public void updateDeviceConfigJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateDeviceConfigJsonMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes the calling device. Its key is invalid at once; its telemetry remains.
     * PERMISSION_DENIED (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public void unregisterDevice(iotflow.v1.UnregisterDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UnregisterDeviceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUnregisterDeviceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a new key for the device. The answer shows it once. The old key keeps all its rights
     * until the new key is first used, so a lost answer does no harm: rotate again, which revokes the
     * unused new key. After the first use of the new key, the old key remains valid for a grace
     * period, but can no longer rotate keys or unregister the device. PERMISSION_DENIED
     * (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public void rotateApiKey(iotflow.v1.RotateApiKeyRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RotateApiKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRotateApiKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * RotateApiKey for REST. The body is the JSON of a RotateApiKeyRequest, or empty. Unknown fields
     * are rejected by name.
     * </pre>
     */
    public void rotateApiKeyJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.RotateApiKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRotateApiKeyJsonMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Revokes the old key at once, before its grace period ends. Only the new key can do this. Has no
     * effect if there is no old key. PERMISSION_DENIED (KEY_REPLACED): the call used the old key.
     * </pre>
     */
    public void endKeyGrace(iotflow.v1.EndKeyGraceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.EndKeyGraceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEndKeyGraceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the address of the device's MQTT broker, its user name and its topics. The password is
     * the device's API key and is not returned.
     * </pre>
     */
    public void getMqttCredentials(iotflow.v1.GetMqttCredentialsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetMqttCredentialsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMqttCredentialsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Delivers commands to the device and receives their results. The server first sends the open
     * commands, oldest first, then new commands as they are sent; queued commands become delivered.
     * Commands that the device has not answered when the stream ends are sent again on the next
     * stream, with the same id. A device may open several streams; each receives all commands.
     * The server answers every result with a receipt, in order. A receipt with an empty reason means
     * that the result is stored durably; otherwise the result was rejected. The stream continues in
     * both cases.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<iotflow.v1.StreamCommandsRequest> streamCommands(
        io.grpc.stub.StreamObserver<iotflow.v1.StreamCommandsResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getStreamCommandsMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Lists the device's open commands, oldest first. Queued commands become delivered. The path with GET
     * is for older devices; it is the only GET of the API that changes anything.
     * </pre>
     */
    public void pollCommands(iotflow.v1.PollCommandsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.PollCommandsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPollCommandsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores the result of a command. Sending the same result again has no effect. The result of a
     * command that expired or was cancelled after its delivery replaces that state. NOT_FOUND: the
     * device has no such command. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public void ackCommand(iotflow.v1.AckCommandRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AckCommandResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAckCommandMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the desired configuration: the current version at once, then each new one. Versions in
     * quick succession may be skipped.
     * </pre>
     */
    public void watchConfig(iotflow.v1.WatchConfigRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.WatchConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchConfigMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service DeviceService.
   * <pre>
   * The RPCs by which a device manages itself. A device sends its API key in the metadata
   * `x-api-key`.
   * Every RPC may end with UNAUTHENTICATED (the key is missing or wrong), PERMISSION_DENIED (the
   * device is inactive), INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate
   * limit) and UNAVAILABLE (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class DeviceServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<DeviceServiceBlockingV2Stub> {
    private DeviceServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DeviceServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DeviceServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a device and creates its API key. The answer shows the key once. The setting
     * IOTFLOW_REGISTRATION decides who may call this RPC: anyone, holders of a registrar's or admin's
     * token (`authorization: Bearer &lt;token&gt;`), or admins. ALREADY_EXISTS: the name is in use.
     * PERMISSION_DENIED: registration is closed, or the token may not register devices.
     * </pre>
     */
    public iotflow.v1.RegisterDeviceResponse registerDevice(iotflow.v1.RegisterDeviceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRegisterDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the calling device and the number of its stored readings.
     * </pre>
     */
    public iotflow.v1.GetDeviceStatusResponse getDeviceStatus(iotflow.v1.GetDeviceStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetDeviceStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports that the device is online, or that it goes offline.
     * </pre>
     */
    public iotflow.v1.SendHeartbeatResponse sendHeartbeat(iotflow.v1.SendHeartbeatRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSendHeartbeatMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the configuration that the device last reported, and the desired one.
     * </pre>
     */
    public iotflow.v1.GetDeviceConfigResponse getDeviceConfig(iotflow.v1.GetDeviceConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetDeviceConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports the device's state: named fields, a whole configuration, or one key of it.
     * </pre>
     */
    public iotflow.v1.UpdateDeviceConfigResponse updateDeviceConfig(iotflow.v1.UpdateDeviceConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateDeviceConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateDeviceConfig for REST. The body is the JSON of an UpdateDeviceConfigRequest, read with
     * every digit of its numbers. The answer shows whole numbers beyond 2^53 as strings.
     * </pre>
     */
    public iotflow.v1.UpdateDeviceConfigResponse updateDeviceConfigJson(com.google.api.HttpBody request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateDeviceConfigJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes the calling device. Its key is invalid at once; its telemetry remains.
     * PERMISSION_DENIED (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public iotflow.v1.UnregisterDeviceResponse unregisterDevice(iotflow.v1.UnregisterDeviceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUnregisterDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a new key for the device. The answer shows it once. The old key keeps all its rights
     * until the new key is first used, so a lost answer does no harm: rotate again, which revokes the
     * unused new key. After the first use of the new key, the old key remains valid for a grace
     * period, but can no longer rotate keys or unregister the device. PERMISSION_DENIED
     * (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public iotflow.v1.RotateApiKeyResponse rotateApiKey(iotflow.v1.RotateApiKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRotateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RotateApiKey for REST. The body is the JSON of a RotateApiKeyRequest, or empty. Unknown fields
     * are rejected by name.
     * </pre>
     */
    public iotflow.v1.RotateApiKeyResponse rotateApiKeyJson(com.google.api.HttpBody request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRotateApiKeyJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes the old key at once, before its grace period ends. Only the new key can do this. Has no
     * effect if there is no old key. PERMISSION_DENIED (KEY_REPLACED): the call used the old key.
     * </pre>
     */
    public iotflow.v1.EndKeyGraceResponse endKeyGrace(iotflow.v1.EndKeyGraceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getEndKeyGraceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the address of the device's MQTT broker, its user name and its topics. The password is
     * the device's API key and is not returned.
     * </pre>
     */
    public iotflow.v1.GetMqttCredentialsResponse getMqttCredentials(iotflow.v1.GetMqttCredentialsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMqttCredentialsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Delivers commands to the device and receives their results. The server first sends the open
     * commands, oldest first, then new commands as they are sent; queued commands become delivered.
     * Commands that the device has not answered when the stream ends are sent again on the next
     * stream, with the same id. A device may open several streams; each receives all commands.
     * The server answers every result with a receipt, in order. A receipt with an empty reason means
     * that the result is stored durably; otherwise the result was rejected. The stream continues in
     * both cases.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<iotflow.v1.StreamCommandsRequest, iotflow.v1.StreamCommandsResponse>
        streamCommands() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getStreamCommandsMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Lists the device's open commands, oldest first. Queued commands become delivered. The path with GET
     * is for older devices; it is the only GET of the API that changes anything.
     * </pre>
     */
    public iotflow.v1.PollCommandsResponse pollCommands(iotflow.v1.PollCommandsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPollCommandsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores the result of a command. Sending the same result again has no effect. The result of a
     * command that expired or was cancelled after its delivery replaces that state. NOT_FOUND: the
     * device has no such command. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public iotflow.v1.AckCommandResponse ackCommand(iotflow.v1.AckCommandRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAckCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the desired configuration: the current version at once, then each new one. Versions in
     * quick succession may be skipped.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, iotflow.v1.WatchConfigResponse>
        watchConfig(iotflow.v1.WatchConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchConfigMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service DeviceService.
   * <pre>
   * The RPCs by which a device manages itself. A device sends its API key in the metadata
   * `x-api-key`.
   * Every RPC may end with UNAUTHENTICATED (the key is missing or wrong), PERMISSION_DENIED (the
   * device is inactive), INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate
   * limit) and UNAVAILABLE (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class DeviceServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<DeviceServiceBlockingStub> {
    private DeviceServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DeviceServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DeviceServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a device and creates its API key. The answer shows the key once. The setting
     * IOTFLOW_REGISTRATION decides who may call this RPC: anyone, holders of a registrar's or admin's
     * token (`authorization: Bearer &lt;token&gt;`), or admins. ALREADY_EXISTS: the name is in use.
     * PERMISSION_DENIED: registration is closed, or the token may not register devices.
     * </pre>
     */
    public iotflow.v1.RegisterDeviceResponse registerDevice(iotflow.v1.RegisterDeviceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRegisterDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the calling device and the number of its stored readings.
     * </pre>
     */
    public iotflow.v1.GetDeviceStatusResponse getDeviceStatus(iotflow.v1.GetDeviceStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetDeviceStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports that the device is online, or that it goes offline.
     * </pre>
     */
    public iotflow.v1.SendHeartbeatResponse sendHeartbeat(iotflow.v1.SendHeartbeatRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSendHeartbeatMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the configuration that the device last reported, and the desired one.
     * </pre>
     */
    public iotflow.v1.GetDeviceConfigResponse getDeviceConfig(iotflow.v1.GetDeviceConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetDeviceConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports the device's state: named fields, a whole configuration, or one key of it.
     * </pre>
     */
    public iotflow.v1.UpdateDeviceConfigResponse updateDeviceConfig(iotflow.v1.UpdateDeviceConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateDeviceConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateDeviceConfig for REST. The body is the JSON of an UpdateDeviceConfigRequest, read with
     * every digit of its numbers. The answer shows whole numbers beyond 2^53 as strings.
     * </pre>
     */
    public iotflow.v1.UpdateDeviceConfigResponse updateDeviceConfigJson(com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateDeviceConfigJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes the calling device. Its key is invalid at once; its telemetry remains.
     * PERMISSION_DENIED (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public iotflow.v1.UnregisterDeviceResponse unregisterDevice(iotflow.v1.UnregisterDeviceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUnregisterDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a new key for the device. The answer shows it once. The old key keeps all its rights
     * until the new key is first used, so a lost answer does no harm: rotate again, which revokes the
     * unused new key. After the first use of the new key, the old key remains valid for a grace
     * period, but can no longer rotate keys or unregister the device. PERMISSION_DENIED
     * (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public iotflow.v1.RotateApiKeyResponse rotateApiKey(iotflow.v1.RotateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRotateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RotateApiKey for REST. The body is the JSON of a RotateApiKeyRequest, or empty. Unknown fields
     * are rejected by name.
     * </pre>
     */
    public iotflow.v1.RotateApiKeyResponse rotateApiKeyJson(com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRotateApiKeyJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes the old key at once, before its grace period ends. Only the new key can do this. Has no
     * effect if there is no old key. PERMISSION_DENIED (KEY_REPLACED): the call used the old key.
     * </pre>
     */
    public iotflow.v1.EndKeyGraceResponse endKeyGrace(iotflow.v1.EndKeyGraceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEndKeyGraceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the address of the device's MQTT broker, its user name and its topics. The password is
     * the device's API key and is not returned.
     * </pre>
     */
    public iotflow.v1.GetMqttCredentialsResponse getMqttCredentials(iotflow.v1.GetMqttCredentialsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMqttCredentialsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the device's open commands, oldest first. Queued commands become delivered. The path with GET
     * is for older devices; it is the only GET of the API that changes anything.
     * </pre>
     */
    public iotflow.v1.PollCommandsResponse pollCommands(iotflow.v1.PollCommandsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPollCommandsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores the result of a command. Sending the same result again has no effect. The result of a
     * command that expired or was cancelled after its delivery replaces that state. NOT_FOUND: the
     * device has no such command. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public iotflow.v1.AckCommandResponse ackCommand(iotflow.v1.AckCommandRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAckCommandMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the desired configuration: the current version at once, then each new one. Versions in
     * quick succession may be skipped.
     * </pre>
     */
    public java.util.Iterator<iotflow.v1.WatchConfigResponse> watchConfig(
        iotflow.v1.WatchConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchConfigMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service DeviceService.
   * <pre>
   * The RPCs by which a device manages itself. A device sends its API key in the metadata
   * `x-api-key`.
   * Every RPC may end with UNAUTHENTICATED (the key is missing or wrong), PERMISSION_DENIED (the
   * device is inactive), INVALID_ARGUMENT (the error names the field), RESOURCE_EXHAUSTED (rate
   * limit) and UNAVAILABLE (retry after the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class DeviceServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<DeviceServiceFutureStub> {
    private DeviceServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DeviceServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DeviceServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a device and creates its API key. The answer shows the key once. The setting
     * IOTFLOW_REGISTRATION decides who may call this RPC: anyone, holders of a registrar's or admin's
     * token (`authorization: Bearer &lt;token&gt;`), or admins. ALREADY_EXISTS: the name is in use.
     * PERMISSION_DENIED: registration is closed, or the token may not register devices.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.RegisterDeviceResponse> registerDevice(
        iotflow.v1.RegisterDeviceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRegisterDeviceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the calling device and the number of its stored readings.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetDeviceStatusResponse> getDeviceStatus(
        iotflow.v1.GetDeviceStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetDeviceStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reports that the device is online, or that it goes offline.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SendHeartbeatResponse> sendHeartbeat(
        iotflow.v1.SendHeartbeatRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSendHeartbeatMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the configuration that the device last reported, and the desired one.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetDeviceConfigResponse> getDeviceConfig(
        iotflow.v1.GetDeviceConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetDeviceConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reports the device's state: named fields, a whole configuration, or one key of it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.UpdateDeviceConfigResponse> updateDeviceConfig(
        iotflow.v1.UpdateDeviceConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateDeviceConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * UpdateDeviceConfig for REST. The body is the JSON of an UpdateDeviceConfigRequest, read with
     * every digit of its numbers. The answer shows whole numbers beyond 2^53 as strings.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.UpdateDeviceConfigResponse> updateDeviceConfigJson(
        com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateDeviceConfigJsonMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes the calling device. Its key is invalid at once; its telemetry remains.
     * PERMISSION_DENIED (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.UnregisterDeviceResponse> unregisterDevice(
        iotflow.v1.UnregisterDeviceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUnregisterDeviceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a new key for the device. The answer shows it once. The old key keeps all its rights
     * until the new key is first used, so a lost answer does no harm: rotate again, which revokes the
     * unused new key. After the first use of the new key, the old key remains valid for a grace
     * period, but can no longer rotate keys or unregister the device. PERMISSION_DENIED
     * (KEY_REPLACED): the key was rotated, and its successor has been used.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.RotateApiKeyResponse> rotateApiKey(
        iotflow.v1.RotateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRotateApiKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * RotateApiKey for REST. The body is the JSON of a RotateApiKeyRequest, or empty. Unknown fields
     * are rejected by name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.RotateApiKeyResponse> rotateApiKeyJson(
        com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRotateApiKeyJsonMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Revokes the old key at once, before its grace period ends. Only the new key can do this. Has no
     * effect if there is no old key. PERMISSION_DENIED (KEY_REPLACED): the call used the old key.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.EndKeyGraceResponse> endKeyGrace(
        iotflow.v1.EndKeyGraceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEndKeyGraceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the address of the device's MQTT broker, its user name and its topics. The password is
     * the device's API key and is not returned.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetMqttCredentialsResponse> getMqttCredentials(
        iotflow.v1.GetMqttCredentialsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMqttCredentialsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the device's open commands, oldest first. Queued commands become delivered. The path with GET
     * is for older devices; it is the only GET of the API that changes anything.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.PollCommandsResponse> pollCommands(
        iotflow.v1.PollCommandsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPollCommandsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores the result of a command. Sending the same result again has no effect. The result of a
     * command that expired or was cancelled after its delivery replaces that state. NOT_FOUND: the
     * device has no such command. FAILED_PRECONDITION: the command has ended in another state.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.AckCommandResponse> ackCommand(
        iotflow.v1.AckCommandRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAckCommandMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_REGISTER_DEVICE = 0;
  private static final int METHODID_GET_DEVICE_STATUS = 1;
  private static final int METHODID_SEND_HEARTBEAT = 2;
  private static final int METHODID_GET_DEVICE_CONFIG = 3;
  private static final int METHODID_UPDATE_DEVICE_CONFIG = 4;
  private static final int METHODID_UPDATE_DEVICE_CONFIG_JSON = 5;
  private static final int METHODID_UNREGISTER_DEVICE = 6;
  private static final int METHODID_ROTATE_API_KEY = 7;
  private static final int METHODID_ROTATE_API_KEY_JSON = 8;
  private static final int METHODID_END_KEY_GRACE = 9;
  private static final int METHODID_GET_MQTT_CREDENTIALS = 10;
  private static final int METHODID_POLL_COMMANDS = 11;
  private static final int METHODID_ACK_COMMAND = 12;
  private static final int METHODID_WATCH_CONFIG = 13;
  private static final int METHODID_STREAM_COMMANDS = 14;

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
        case METHODID_REGISTER_DEVICE:
          serviceImpl.registerDevice((iotflow.v1.RegisterDeviceRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.RegisterDeviceResponse>) responseObserver);
          break;
        case METHODID_GET_DEVICE_STATUS:
          serviceImpl.getDeviceStatus((iotflow.v1.GetDeviceStatusRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceStatusResponse>) responseObserver);
          break;
        case METHODID_SEND_HEARTBEAT:
          serviceImpl.sendHeartbeat((iotflow.v1.SendHeartbeatRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SendHeartbeatResponse>) responseObserver);
          break;
        case METHODID_GET_DEVICE_CONFIG:
          serviceImpl.getDeviceConfig((iotflow.v1.GetDeviceConfigRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceConfigResponse>) responseObserver);
          break;
        case METHODID_UPDATE_DEVICE_CONFIG:
          serviceImpl.updateDeviceConfig((iotflow.v1.UpdateDeviceConfigRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceConfigResponse>) responseObserver);
          break;
        case METHODID_UPDATE_DEVICE_CONFIG_JSON:
          serviceImpl.updateDeviceConfigJson((com.google.api.HttpBody) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceConfigResponse>) responseObserver);
          break;
        case METHODID_UNREGISTER_DEVICE:
          serviceImpl.unregisterDevice((iotflow.v1.UnregisterDeviceRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.UnregisterDeviceResponse>) responseObserver);
          break;
        case METHODID_ROTATE_API_KEY:
          serviceImpl.rotateApiKey((iotflow.v1.RotateApiKeyRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.RotateApiKeyResponse>) responseObserver);
          break;
        case METHODID_ROTATE_API_KEY_JSON:
          serviceImpl.rotateApiKeyJson((com.google.api.HttpBody) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.RotateApiKeyResponse>) responseObserver);
          break;
        case METHODID_END_KEY_GRACE:
          serviceImpl.endKeyGrace((iotflow.v1.EndKeyGraceRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.EndKeyGraceResponse>) responseObserver);
          break;
        case METHODID_GET_MQTT_CREDENTIALS:
          serviceImpl.getMqttCredentials((iotflow.v1.GetMqttCredentialsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetMqttCredentialsResponse>) responseObserver);
          break;
        case METHODID_POLL_COMMANDS:
          serviceImpl.pollCommands((iotflow.v1.PollCommandsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.PollCommandsResponse>) responseObserver);
          break;
        case METHODID_ACK_COMMAND:
          serviceImpl.ackCommand((iotflow.v1.AckCommandRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.AckCommandResponse>) responseObserver);
          break;
        case METHODID_WATCH_CONFIG:
          serviceImpl.watchConfig((iotflow.v1.WatchConfigRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.WatchConfigResponse>) responseObserver);
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
        case METHODID_STREAM_COMMANDS:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.streamCommands(
              (io.grpc.stub.StreamObserver<iotflow.v1.StreamCommandsResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getRegisterDeviceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.RegisterDeviceRequest,
              iotflow.v1.RegisterDeviceResponse>(
                service, METHODID_REGISTER_DEVICE)))
        .addMethod(
          getGetDeviceStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetDeviceStatusRequest,
              iotflow.v1.GetDeviceStatusResponse>(
                service, METHODID_GET_DEVICE_STATUS)))
        .addMethod(
          getSendHeartbeatMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SendHeartbeatRequest,
              iotflow.v1.SendHeartbeatResponse>(
                service, METHODID_SEND_HEARTBEAT)))
        .addMethod(
          getGetDeviceConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetDeviceConfigRequest,
              iotflow.v1.GetDeviceConfigResponse>(
                service, METHODID_GET_DEVICE_CONFIG)))
        .addMethod(
          getUpdateDeviceConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.UpdateDeviceConfigRequest,
              iotflow.v1.UpdateDeviceConfigResponse>(
                service, METHODID_UPDATE_DEVICE_CONFIG)))
        .addMethod(
          getUpdateDeviceConfigJsonMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.google.api.HttpBody,
              iotflow.v1.UpdateDeviceConfigResponse>(
                service, METHODID_UPDATE_DEVICE_CONFIG_JSON)))
        .addMethod(
          getUnregisterDeviceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.UnregisterDeviceRequest,
              iotflow.v1.UnregisterDeviceResponse>(
                service, METHODID_UNREGISTER_DEVICE)))
        .addMethod(
          getRotateApiKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.RotateApiKeyRequest,
              iotflow.v1.RotateApiKeyResponse>(
                service, METHODID_ROTATE_API_KEY)))
        .addMethod(
          getRotateApiKeyJsonMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.google.api.HttpBody,
              iotflow.v1.RotateApiKeyResponse>(
                service, METHODID_ROTATE_API_KEY_JSON)))
        .addMethod(
          getEndKeyGraceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.EndKeyGraceRequest,
              iotflow.v1.EndKeyGraceResponse>(
                service, METHODID_END_KEY_GRACE)))
        .addMethod(
          getGetMqttCredentialsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetMqttCredentialsRequest,
              iotflow.v1.GetMqttCredentialsResponse>(
                service, METHODID_GET_MQTT_CREDENTIALS)))
        .addMethod(
          getStreamCommandsMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              iotflow.v1.StreamCommandsRequest,
              iotflow.v1.StreamCommandsResponse>(
                service, METHODID_STREAM_COMMANDS)))
        .addMethod(
          getPollCommandsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.PollCommandsRequest,
              iotflow.v1.PollCommandsResponse>(
                service, METHODID_POLL_COMMANDS)))
        .addMethod(
          getAckCommandMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.AckCommandRequest,
              iotflow.v1.AckCommandResponse>(
                service, METHODID_ACK_COMMAND)))
        .addMethod(
          getWatchConfigMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.WatchConfigRequest,
              iotflow.v1.WatchConfigResponse>(
                service, METHODID_WATCH_CONFIG)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (DeviceServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getRegisterDeviceMethod())
              .addMethod(getGetDeviceStatusMethod())
              .addMethod(getSendHeartbeatMethod())
              .addMethod(getGetDeviceConfigMethod())
              .addMethod(getUpdateDeviceConfigMethod())
              .addMethod(getUpdateDeviceConfigJsonMethod())
              .addMethod(getUnregisterDeviceMethod())
              .addMethod(getRotateApiKeyMethod())
              .addMethod(getRotateApiKeyJsonMethod())
              .addMethod(getEndKeyGraceMethod())
              .addMethod(getGetMqttCredentialsMethod())
              .addMethod(getStreamCommandsMethod())
              .addMethod(getPollCommandsMethod())
              .addMethod(getAckCommandMethod())
              .addMethod(getWatchConfigMethod())
              .build();
        }
      }
    }
    return result;
  }
}
