package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Writes and reads telemetry.
 * Writers are devices (metadata `x-api-key`) and gateways (`authorization: Bearer &lt;token&gt;`).
 * Readers are admins and viewers (`authorization: Bearer &lt;token&gt;`), devices for their own data, and
 * anyone if the setting IOTFLOW_PUBLIC_READS allows it.
 * A time in a request is RFC 3339 (UTC if it has no offset), seconds (10 digits) or milliseconds
 * (13 digits) since 1970, `now`, or an age such as `-24h` (units ms, s, m, h, d, w). A range
 * includes its start and excludes its end.
 * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED (another device's data, or an inactive
 * device), NOT_FOUND (no such device), INVALID_ARGUMENT (the error names the field; nothing is
 * stored), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (nothing is acknowledged; retry after
 * the stated time). Errors carry google.rpc.ErrorInfo.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TelemetryServiceGrpc {

  private TelemetryServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.TelemetryService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SubmitTelemetryRequest,
      iotflow.v1.SubmitTelemetryResponse> getSubmitTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitTelemetry",
      requestType = iotflow.v1.SubmitTelemetryRequest.class,
      responseType = iotflow.v1.SubmitTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SubmitTelemetryRequest,
      iotflow.v1.SubmitTelemetryResponse> getSubmitTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SubmitTelemetryRequest, iotflow.v1.SubmitTelemetryResponse> getSubmitTelemetryMethod;
    if ((getSubmitTelemetryMethod = TelemetryServiceGrpc.getSubmitTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getSubmitTelemetryMethod = TelemetryServiceGrpc.getSubmitTelemetryMethod) == null) {
          TelemetryServiceGrpc.getSubmitTelemetryMethod = getSubmitTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SubmitTelemetryRequest, iotflow.v1.SubmitTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSubmitTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.SubmitTelemetryResponse> getSubmitTelemetryJsonMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitTelemetryJson",
      requestType = com.google.api.HttpBody.class,
      responseType = iotflow.v1.SubmitTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.SubmitTelemetryResponse> getSubmitTelemetryJsonMethod() {
    io.grpc.MethodDescriptor<com.google.api.HttpBody, iotflow.v1.SubmitTelemetryResponse> getSubmitTelemetryJsonMethod;
    if ((getSubmitTelemetryJsonMethod = TelemetryServiceGrpc.getSubmitTelemetryJsonMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getSubmitTelemetryJsonMethod = TelemetryServiceGrpc.getSubmitTelemetryJsonMethod) == null) {
          TelemetryServiceGrpc.getSubmitTelemetryJsonMethod = getSubmitTelemetryJsonMethod =
              io.grpc.MethodDescriptor.<com.google.api.HttpBody, iotflow.v1.SubmitTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitTelemetryJson"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  com.google.api.HttpBody.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSubmitTelemetryJsonMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SubmitReadingsRequest,
      iotflow.v1.SubmitReadingsResponse> getSubmitReadingsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitReadings",
      requestType = iotflow.v1.SubmitReadingsRequest.class,
      responseType = iotflow.v1.SubmitReadingsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SubmitReadingsRequest,
      iotflow.v1.SubmitReadingsResponse> getSubmitReadingsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SubmitReadingsRequest, iotflow.v1.SubmitReadingsResponse> getSubmitReadingsMethod;
    if ((getSubmitReadingsMethod = TelemetryServiceGrpc.getSubmitReadingsMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getSubmitReadingsMethod = TelemetryServiceGrpc.getSubmitReadingsMethod) == null) {
          TelemetryServiceGrpc.getSubmitReadingsMethod = getSubmitReadingsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SubmitReadingsRequest, iotflow.v1.SubmitReadingsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitReadings"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitReadingsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitReadingsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSubmitReadingsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.SubmitReadingsResponse> getSubmitReadingsJsonMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitReadingsJson",
      requestType = com.google.api.HttpBody.class,
      responseType = iotflow.v1.SubmitReadingsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.google.api.HttpBody,
      iotflow.v1.SubmitReadingsResponse> getSubmitReadingsJsonMethod() {
    io.grpc.MethodDescriptor<com.google.api.HttpBody, iotflow.v1.SubmitReadingsResponse> getSubmitReadingsJsonMethod;
    if ((getSubmitReadingsJsonMethod = TelemetryServiceGrpc.getSubmitReadingsJsonMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getSubmitReadingsJsonMethod = TelemetryServiceGrpc.getSubmitReadingsJsonMethod) == null) {
          TelemetryServiceGrpc.getSubmitReadingsJsonMethod = getSubmitReadingsJsonMethod =
              io.grpc.MethodDescriptor.<com.google.api.HttpBody, iotflow.v1.SubmitReadingsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitReadingsJson"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  com.google.api.HttpBody.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubmitReadingsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSubmitReadingsJsonMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.TelemetryBatch,
      iotflow.v1.StreamTelemetryResponse> getStreamTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamTelemetry",
      requestType = iotflow.v1.TelemetryBatch.class,
      responseType = iotflow.v1.StreamTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.TelemetryBatch,
      iotflow.v1.StreamTelemetryResponse> getStreamTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.TelemetryBatch, iotflow.v1.StreamTelemetryResponse> getStreamTelemetryMethod;
    if ((getStreamTelemetryMethod = TelemetryServiceGrpc.getStreamTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getStreamTelemetryMethod = TelemetryServiceGrpc.getStreamTelemetryMethod) == null) {
          TelemetryServiceGrpc.getStreamTelemetryMethod = getStreamTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.TelemetryBatch, iotflow.v1.StreamTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.TelemetryBatch.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.StreamTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getStreamTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryRequest,
      iotflow.v1.GetTelemetryResponse> getGetTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTelemetry",
      requestType = iotflow.v1.GetTelemetryRequest.class,
      responseType = iotflow.v1.GetTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryRequest,
      iotflow.v1.GetTelemetryResponse> getGetTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryRequest, iotflow.v1.GetTelemetryResponse> getGetTelemetryMethod;
    if ((getGetTelemetryMethod = TelemetryServiceGrpc.getGetTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getGetTelemetryMethod = TelemetryServiceGrpc.getGetTelemetryMethod) == null) {
          TelemetryServiceGrpc.getGetTelemetryMethod = getGetTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetTelemetryRequest, iotflow.v1.GetTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetLatestTelemetryRequest,
      iotflow.v1.GetLatestTelemetryResponse> getGetLatestTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetLatestTelemetry",
      requestType = iotflow.v1.GetLatestTelemetryRequest.class,
      responseType = iotflow.v1.GetLatestTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetLatestTelemetryRequest,
      iotflow.v1.GetLatestTelemetryResponse> getGetLatestTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetLatestTelemetryRequest, iotflow.v1.GetLatestTelemetryResponse> getGetLatestTelemetryMethod;
    if ((getGetLatestTelemetryMethod = TelemetryServiceGrpc.getGetLatestTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getGetLatestTelemetryMethod = TelemetryServiceGrpc.getGetLatestTelemetryMethod) == null) {
          TelemetryServiceGrpc.getGetLatestTelemetryMethod = getGetLatestTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetLatestTelemetryRequest, iotflow.v1.GetLatestTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetLatestTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetLatestTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetLatestTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetLatestTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ListLatestTelemetryRequest,
      iotflow.v1.ListLatestTelemetryResponse> getListLatestTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListLatestTelemetry",
      requestType = iotflow.v1.ListLatestTelemetryRequest.class,
      responseType = iotflow.v1.ListLatestTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ListLatestTelemetryRequest,
      iotflow.v1.ListLatestTelemetryResponse> getListLatestTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ListLatestTelemetryRequest, iotflow.v1.ListLatestTelemetryResponse> getListLatestTelemetryMethod;
    if ((getListLatestTelemetryMethod = TelemetryServiceGrpc.getListLatestTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getListLatestTelemetryMethod = TelemetryServiceGrpc.getListLatestTelemetryMethod) == null) {
          TelemetryServiceGrpc.getListLatestTelemetryMethod = getListLatestTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ListLatestTelemetryRequest, iotflow.v1.ListLatestTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListLatestTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListLatestTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListLatestTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getListLatestTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.AggregateTelemetryRequest,
      iotflow.v1.AggregateTelemetryResponse> getAggregateTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AggregateTelemetry",
      requestType = iotflow.v1.AggregateTelemetryRequest.class,
      responseType = iotflow.v1.AggregateTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.AggregateTelemetryRequest,
      iotflow.v1.AggregateTelemetryResponse> getAggregateTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.AggregateTelemetryRequest, iotflow.v1.AggregateTelemetryResponse> getAggregateTelemetryMethod;
    if ((getAggregateTelemetryMethod = TelemetryServiceGrpc.getAggregateTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getAggregateTelemetryMethod = TelemetryServiceGrpc.getAggregateTelemetryMethod) == null) {
          TelemetryServiceGrpc.getAggregateTelemetryMethod = getAggregateTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.AggregateTelemetryRequest, iotflow.v1.AggregateTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AggregateTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AggregateTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.AggregateTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getAggregateTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryRangeRequest,
      iotflow.v1.GetTelemetryRangeResponse> getGetTelemetryRangeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTelemetryRange",
      requestType = iotflow.v1.GetTelemetryRangeRequest.class,
      responseType = iotflow.v1.GetTelemetryRangeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryRangeRequest,
      iotflow.v1.GetTelemetryRangeResponse> getGetTelemetryRangeMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryRangeRequest, iotflow.v1.GetTelemetryRangeResponse> getGetTelemetryRangeMethod;
    if ((getGetTelemetryRangeMethod = TelemetryServiceGrpc.getGetTelemetryRangeMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getGetTelemetryRangeMethod = TelemetryServiceGrpc.getGetTelemetryRangeMethod) == null) {
          TelemetryServiceGrpc.getGetTelemetryRangeMethod = getGetTelemetryRangeMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetTelemetryRangeRequest, iotflow.v1.GetTelemetryRangeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTelemetryRange"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetTelemetryRangeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetTelemetryRangeResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetTelemetryRangeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ReadTelemetryRequest,
      iotflow.v1.ReadTelemetryResponse> getReadTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReadTelemetry",
      requestType = iotflow.v1.ReadTelemetryRequest.class,
      responseType = iotflow.v1.ReadTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.ReadTelemetryRequest,
      iotflow.v1.ReadTelemetryResponse> getReadTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ReadTelemetryRequest, iotflow.v1.ReadTelemetryResponse> getReadTelemetryMethod;
    if ((getReadTelemetryMethod = TelemetryServiceGrpc.getReadTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getReadTelemetryMethod = TelemetryServiceGrpc.getReadTelemetryMethod) == null) {
          TelemetryServiceGrpc.getReadTelemetryMethod = getReadTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ReadTelemetryRequest, iotflow.v1.ReadTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReadTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReadTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ReadTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getReadTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ExportTelemetryRequest,
      com.google.api.HttpBody> getExportTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExportTelemetry",
      requestType = iotflow.v1.ExportTelemetryRequest.class,
      responseType = com.google.api.HttpBody.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.ExportTelemetryRequest,
      com.google.api.HttpBody> getExportTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ExportTelemetryRequest, com.google.api.HttpBody> getExportTelemetryMethod;
    if ((getExportTelemetryMethod = TelemetryServiceGrpc.getExportTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getExportTelemetryMethod = TelemetryServiceGrpc.getExportTelemetryMethod) == null) {
          TelemetryServiceGrpc.getExportTelemetryMethod = getExportTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ExportTelemetryRequest, com.google.api.HttpBody>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExportTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ExportTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  com.google.api.HttpBody.getDefaultInstance()))
              .build();
        }
      }
    }
    return getExportTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SubscribeTelemetryRequest,
      iotflow.v1.SubscribeTelemetryResponse> getSubscribeTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubscribeTelemetry",
      requestType = iotflow.v1.SubscribeTelemetryRequest.class,
      responseType = iotflow.v1.SubscribeTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.SubscribeTelemetryRequest,
      iotflow.v1.SubscribeTelemetryResponse> getSubscribeTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SubscribeTelemetryRequest, iotflow.v1.SubscribeTelemetryResponse> getSubscribeTelemetryMethod;
    if ((getSubscribeTelemetryMethod = TelemetryServiceGrpc.getSubscribeTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getSubscribeTelemetryMethod = TelemetryServiceGrpc.getSubscribeTelemetryMethod) == null) {
          TelemetryServiceGrpc.getSubscribeTelemetryMethod = getSubscribeTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SubscribeTelemetryRequest, iotflow.v1.SubscribeTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubscribeTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubscribeTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SubscribeTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSubscribeTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.DeleteTelemetryRequest,
      iotflow.v1.DeleteTelemetryResponse> getDeleteTelemetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteTelemetry",
      requestType = iotflow.v1.DeleteTelemetryRequest.class,
      responseType = iotflow.v1.DeleteTelemetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.DeleteTelemetryRequest,
      iotflow.v1.DeleteTelemetryResponse> getDeleteTelemetryMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.DeleteTelemetryRequest, iotflow.v1.DeleteTelemetryResponse> getDeleteTelemetryMethod;
    if ((getDeleteTelemetryMethod = TelemetryServiceGrpc.getDeleteTelemetryMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getDeleteTelemetryMethod = TelemetryServiceGrpc.getDeleteTelemetryMethod) == null) {
          TelemetryServiceGrpc.getDeleteTelemetryMethod = getDeleteTelemetryMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.DeleteTelemetryRequest, iotflow.v1.DeleteTelemetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteTelemetry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.DeleteTelemetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.DeleteTelemetryResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getDeleteTelemetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryStatusRequest,
      iotflow.v1.GetTelemetryStatusResponse> getGetTelemetryStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTelemetryStatus",
      requestType = iotflow.v1.GetTelemetryStatusRequest.class,
      responseType = iotflow.v1.GetTelemetryStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryStatusRequest,
      iotflow.v1.GetTelemetryStatusResponse> getGetTelemetryStatusMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetTelemetryStatusRequest, iotflow.v1.GetTelemetryStatusResponse> getGetTelemetryStatusMethod;
    if ((getGetTelemetryStatusMethod = TelemetryServiceGrpc.getGetTelemetryStatusMethod) == null) {
      synchronized (TelemetryServiceGrpc.class) {
        if ((getGetTelemetryStatusMethod = TelemetryServiceGrpc.getGetTelemetryStatusMethod) == null) {
          TelemetryServiceGrpc.getGetTelemetryStatusMethod = getGetTelemetryStatusMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetTelemetryStatusRequest, iotflow.v1.GetTelemetryStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTelemetryStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetTelemetryStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetTelemetryStatusResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetTelemetryStatusMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TelemetryServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceStub>() {
        @java.lang.Override
        public TelemetryServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TelemetryServiceStub(channel, callOptions);
        }
      };
    return TelemetryServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TelemetryServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceBlockingV2Stub>() {
        @java.lang.Override
        public TelemetryServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TelemetryServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TelemetryServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TelemetryServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceBlockingStub>() {
        @java.lang.Override
        public TelemetryServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TelemetryServiceBlockingStub(channel, callOptions);
        }
      };
    return TelemetryServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TelemetryServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TelemetryServiceFutureStub>() {
        @java.lang.Override
        public TelemetryServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TelemetryServiceFutureStub(channel, callOptions);
        }
      };
    return TelemetryServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Writes and reads telemetry.
   * Writers are devices (metadata `x-api-key`) and gateways (`authorization: Bearer &lt;token&gt;`).
   * Readers are admins and viewers (`authorization: Bearer &lt;token&gt;`), devices for their own data, and
   * anyone if the setting IOTFLOW_PUBLIC_READS allows it.
   * A time in a request is RFC 3339 (UTC if it has no offset), seconds (10 digits) or milliseconds
   * (13 digits) since 1970, `now`, or an age such as `-24h` (units ms, s, m, h, d, w). A range
   * includes its start and excludes its end.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED (another device's data, or an inactive
   * device), NOT_FOUND (no such device), INVALID_ARGUMENT (the error names the field; nothing is
   * stored), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (nothing is acknowledged; retry after
   * the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Stores one reading. If the call succeeds, the reading is stored durably; otherwise no part of
     * it is stored.
     * </pre>
     */
    default void submitTelemetry(iotflow.v1.SubmitTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * SubmitTelemetry for REST. The body is the JSON of a SubmitTelemetryRequest, read with every
     * digit of its numbers; or a flat object, in which every key that is not a field of the request
     * or of the MQTT envelope is a measurement.
     * </pre>
     */
    default void submitTelemetryJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitTelemetryJsonMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores many readings. If the call succeeds, the accepted values are stored durably. The answer
     * names the rejected values; with `atomic`, one rejected value rejects all readings.
     * </pre>
     */
    default void submitReadings(iotflow.v1.SubmitReadingsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitReadingsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitReadingsMethod(), responseObserver);
    }

    /**
     * <pre>
     * SubmitReadings for REST. The body is the JSON of a SubmitReadingsRequest, read with every digit
     * of its numbers, or the list `readings` alone. A reading may be flat, as for
     * SubmitTelemetryJson. A malformed reading is rejected without affecting the others.
     * </pre>
     */
    default void submitReadingsJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitReadingsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitReadingsJsonMethod(), responseObserver);
    }

    /**
     * <pre>
     * Receives columnar batches and sends acknowledgements. An acknowledgement of sequence n means
     * that every batch up to n is stored durably, except for the rejected values that it names.
     * Batches that were not acknowledged can be sent again at any time, because readings with equal
     * times overwrite each other.
     * The server rejects a batch that it cannot store, and names it; the stream continues. The stream
     * ends with INVALID_ARGUMENT if the sequences do not rise from 1 on, PERMISSION_DENIED if a device
     * sends data of another device, and UNAVAILABLE if the store is unavailable or the server is
     * shutting down; the client then reconnects and resends the batches that were not acknowledged.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<iotflow.v1.TelemetryBatch> streamTelemetry(
        io.grpc.stub.StreamObserver<iotflow.v1.StreamTelemetryResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getStreamTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns readings of one device, newest first.
     * </pre>
     */
    default void getTelemetry(iotflow.v1.GetTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the newest value of each measurement of one device.
     * </pre>
     */
    default void getLatestTelemetry(iotflow.v1.GetLatestTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetLatestTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetLatestTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the newest values of many devices, by id. A device reads only its own values.
     * </pre>
     */
    default void listLatestTelemetry(iotflow.v1.ListLatestTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListLatestTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListLatestTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns aggregates over windows of time, computed by the store. Windows are counted from
     * 1970-01-01 UTC, so that a window of 1h starts at the full hour; the timestamp of a window is
     * its start. TEXT and BOOLEAN have only count, first and last.
     * </pre>
     */
    default void aggregateTelemetry(iotflow.v1.AggregateTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AggregateTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAggregateTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns readings of one device between two times, oldest first.
     * </pre>
     */
    default void getTelemetryRange(iotflow.v1.GetTelemetryRangeRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryRangeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTelemetryRangeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the readings of many devices as columns, device by device, in time order. The server's
     * memory does not grow with the size of the answer.
     * </pre>
     */
    default void readTelemetry(iotflow.v1.ReadTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReadTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReadTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams readings as a file, device by device, in time order. The file has the columns
     * `device_id`, `device_name` and `timestamp`, then one column for each measurement. The server's
     * memory does not grow with the size of the file. A failure ends the call with an error and
     * breaks off the transfer.
     * </pre>
     */
    default void exportTelemetry(iotflow.v1.ExportTelemetryRequest request,
        io.grpc.stub.StreamObserver<com.google.api.HttpBody> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExportTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams readings as they are stored (REST: server-sent events). A slow client loses the oldest
     * waiting events and receives their number; other clients do not wait for it. With `since`,
     * stored readings come first; a reading at the boundary may come twice, but is never left out.
     * </pre>
     */
    default void subscribeTelemetry(iotflow.v1.SubscribeTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubscribeTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubscribeTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a device's readings in a range of time.
     * </pre>
     */
    default void deleteTelemetry(iotflow.v1.DeleteTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.DeleteTelemetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteTelemetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns whether readings can be stored, and the location of the store.
     * </pre>
     */
    default void getTelemetryStatus(iotflow.v1.GetTelemetryStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTelemetryStatusMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TelemetryService.
   * <pre>
   * Writes and reads telemetry.
   * Writers are devices (metadata `x-api-key`) and gateways (`authorization: Bearer &lt;token&gt;`).
   * Readers are admins and viewers (`authorization: Bearer &lt;token&gt;`), devices for their own data, and
   * anyone if the setting IOTFLOW_PUBLIC_READS allows it.
   * A time in a request is RFC 3339 (UTC if it has no offset), seconds (10 digits) or milliseconds
   * (13 digits) since 1970, `now`, or an age such as `-24h` (units ms, s, m, h, d, w). A range
   * includes its start and excludes its end.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED (another device's data, or an inactive
   * device), NOT_FOUND (no such device), INVALID_ARGUMENT (the error names the field; nothing is
   * stored), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (nothing is acknowledged; retry after
   * the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static abstract class TelemetryServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TelemetryServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TelemetryService.
   * <pre>
   * Writes and reads telemetry.
   * Writers are devices (metadata `x-api-key`) and gateways (`authorization: Bearer &lt;token&gt;`).
   * Readers are admins and viewers (`authorization: Bearer &lt;token&gt;`), devices for their own data, and
   * anyone if the setting IOTFLOW_PUBLIC_READS allows it.
   * A time in a request is RFC 3339 (UTC if it has no offset), seconds (10 digits) or milliseconds
   * (13 digits) since 1970, `now`, or an age such as `-24h` (units ms, s, m, h, d, w). A range
   * includes its start and excludes its end.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED (another device's data, or an inactive
   * device), NOT_FOUND (no such device), INVALID_ARGUMENT (the error names the field; nothing is
   * stored), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (nothing is acknowledged; retry after
   * the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class TelemetryServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TelemetryServiceStub> {
    private TelemetryServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TelemetryServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TelemetryServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one reading. If the call succeeds, the reading is stored durably; otherwise no part of
     * it is stored.
     * </pre>
     */
    public void submitTelemetry(iotflow.v1.SubmitTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * SubmitTelemetry for REST. The body is the JSON of a SubmitTelemetryRequest, read with every
     * digit of its numbers; or a flat object, in which every key that is not a field of the request
     * or of the MQTT envelope is a measurement.
     * </pre>
     */
    public void submitTelemetryJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitTelemetryJsonMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores many readings. If the call succeeds, the accepted values are stored durably. The answer
     * names the rejected values; with `atomic`, one rejected value rejects all readings.
     * </pre>
     */
    public void submitReadings(iotflow.v1.SubmitReadingsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitReadingsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitReadingsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * SubmitReadings for REST. The body is the JSON of a SubmitReadingsRequest, read with every digit
     * of its numbers, or the list `readings` alone. A reading may be flat, as for
     * SubmitTelemetryJson. A malformed reading is rejected without affecting the others.
     * </pre>
     */
    public void submitReadingsJson(com.google.api.HttpBody request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubmitReadingsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitReadingsJsonMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Receives columnar batches and sends acknowledgements. An acknowledgement of sequence n means
     * that every batch up to n is stored durably, except for the rejected values that it names.
     * Batches that were not acknowledged can be sent again at any time, because readings with equal
     * times overwrite each other.
     * The server rejects a batch that it cannot store, and names it; the stream continues. The stream
     * ends with INVALID_ARGUMENT if the sequences do not rise from 1 on, PERMISSION_DENIED if a device
     * sends data of another device, and UNAVAILABLE if the store is unavailable or the server is
     * shutting down; the client then reconnects and resends the batches that were not acknowledged.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<iotflow.v1.TelemetryBatch> streamTelemetry(
        io.grpc.stub.StreamObserver<iotflow.v1.StreamTelemetryResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getStreamTelemetryMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Returns readings of one device, newest first.
     * </pre>
     */
    public void getTelemetry(iotflow.v1.GetTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the newest value of each measurement of one device.
     * </pre>
     */
    public void getLatestTelemetry(iotflow.v1.GetLatestTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetLatestTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetLatestTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the newest values of many devices, by id. A device reads only its own values.
     * </pre>
     */
    public void listLatestTelemetry(iotflow.v1.ListLatestTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListLatestTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListLatestTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns aggregates over windows of time, computed by the store. Windows are counted from
     * 1970-01-01 UTC, so that a window of 1h starts at the full hour; the timestamp of a window is
     * its start. TEXT and BOOLEAN have only count, first and last.
     * </pre>
     */
    public void aggregateTelemetry(iotflow.v1.AggregateTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.AggregateTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAggregateTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns readings of one device between two times, oldest first.
     * </pre>
     */
    public void getTelemetryRange(iotflow.v1.GetTelemetryRangeRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryRangeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTelemetryRangeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the readings of many devices as columns, device by device, in time order. The server's
     * memory does not grow with the size of the answer.
     * </pre>
     */
    public void readTelemetry(iotflow.v1.ReadTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ReadTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getReadTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams readings as a file, device by device, in time order. The file has the columns
     * `device_id`, `device_name` and `timestamp`, then one column for each measurement. The server's
     * memory does not grow with the size of the file. A failure ends the call with an error and
     * breaks off the transfer.
     * </pre>
     */
    public void exportTelemetry(iotflow.v1.ExportTelemetryRequest request,
        io.grpc.stub.StreamObserver<com.google.api.HttpBody> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getExportTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams readings as they are stored (REST: server-sent events). A slow client loses the oldest
     * waiting events and receives their number; other clients do not wait for it. With `since`,
     * stored readings come first; a reading at the boundary may come twice, but is never left out.
     * </pre>
     */
    public void subscribeTelemetry(iotflow.v1.SubscribeTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SubscribeTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getSubscribeTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a device's readings in a range of time.
     * </pre>
     */
    public void deleteTelemetry(iotflow.v1.DeleteTelemetryRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.DeleteTelemetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteTelemetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns whether readings can be stored, and the location of the store.
     * </pre>
     */
    public void getTelemetryStatus(iotflow.v1.GetTelemetryStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTelemetryStatusMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TelemetryService.
   * <pre>
   * Writes and reads telemetry.
   * Writers are devices (metadata `x-api-key`) and gateways (`authorization: Bearer &lt;token&gt;`).
   * Readers are admins and viewers (`authorization: Bearer &lt;token&gt;`), devices for their own data, and
   * anyone if the setting IOTFLOW_PUBLIC_READS allows it.
   * A time in a request is RFC 3339 (UTC if it has no offset), seconds (10 digits) or milliseconds
   * (13 digits) since 1970, `now`, or an age such as `-24h` (units ms, s, m, h, d, w). A range
   * includes its start and excludes its end.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED (another device's data, or an inactive
   * device), NOT_FOUND (no such device), INVALID_ARGUMENT (the error names the field; nothing is
   * stored), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (nothing is acknowledged; retry after
   * the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class TelemetryServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TelemetryServiceBlockingV2Stub> {
    private TelemetryServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TelemetryServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TelemetryServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one reading. If the call succeeds, the reading is stored durably; otherwise no part of
     * it is stored.
     * </pre>
     */
    public iotflow.v1.SubmitTelemetryResponse submitTelemetry(iotflow.v1.SubmitTelemetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * SubmitTelemetry for REST. The body is the JSON of a SubmitTelemetryRequest, read with every
     * digit of its numbers; or a flat object, in which every key that is not a field of the request
     * or of the MQTT envelope is a measurement.
     * </pre>
     */
    public iotflow.v1.SubmitTelemetryResponse submitTelemetryJson(com.google.api.HttpBody request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitTelemetryJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores many readings. If the call succeeds, the accepted values are stored durably. The answer
     * names the rejected values; with `atomic`, one rejected value rejects all readings.
     * </pre>
     */
    public iotflow.v1.SubmitReadingsResponse submitReadings(iotflow.v1.SubmitReadingsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitReadingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * SubmitReadings for REST. The body is the JSON of a SubmitReadingsRequest, read with every digit
     * of its numbers, or the list `readings` alone. A reading may be flat, as for
     * SubmitTelemetryJson. A malformed reading is rejected without affecting the others.
     * </pre>
     */
    public iotflow.v1.SubmitReadingsResponse submitReadingsJson(com.google.api.HttpBody request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitReadingsJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Receives columnar batches and sends acknowledgements. An acknowledgement of sequence n means
     * that every batch up to n is stored durably, except for the rejected values that it names.
     * Batches that were not acknowledged can be sent again at any time, because readings with equal
     * times overwrite each other.
     * The server rejects a batch that it cannot store, and names it; the stream continues. The stream
     * ends with INVALID_ARGUMENT if the sequences do not rise from 1 on, PERMISSION_DENIED if a device
     * sends data of another device, and UNAVAILABLE if the store is unavailable or the server is
     * shutting down; the client then reconnects and resends the batches that were not acknowledged.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<iotflow.v1.TelemetryBatch, iotflow.v1.StreamTelemetryResponse>
        streamTelemetry() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getStreamTelemetryMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Returns readings of one device, newest first.
     * </pre>
     */
    public iotflow.v1.GetTelemetryResponse getTelemetry(iotflow.v1.GetTelemetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the newest value of each measurement of one device.
     * </pre>
     */
    public iotflow.v1.GetLatestTelemetryResponse getLatestTelemetry(iotflow.v1.GetLatestTelemetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetLatestTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the newest values of many devices, by id. A device reads only its own values.
     * </pre>
     */
    public iotflow.v1.ListLatestTelemetryResponse listLatestTelemetry(iotflow.v1.ListLatestTelemetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListLatestTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns aggregates over windows of time, computed by the store. Windows are counted from
     * 1970-01-01 UTC, so that a window of 1h starts at the full hour; the timestamp of a window is
     * its start. TEXT and BOOLEAN have only count, first and last.
     * </pre>
     */
    public iotflow.v1.AggregateTelemetryResponse aggregateTelemetry(iotflow.v1.AggregateTelemetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAggregateTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns readings of one device between two times, oldest first.
     * </pre>
     */
    public iotflow.v1.GetTelemetryRangeResponse getTelemetryRange(iotflow.v1.GetTelemetryRangeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTelemetryRangeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the readings of many devices as columns, device by device, in time order. The server's
     * memory does not grow with the size of the answer.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, iotflow.v1.ReadTelemetryResponse>
        readTelemetry(iotflow.v1.ReadTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getReadTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams readings as a file, device by device, in time order. The file has the columns
     * `device_id`, `device_name` and `timestamp`, then one column for each measurement. The server's
     * memory does not grow with the size of the file. A failure ends the call with an error and
     * breaks off the transfer.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, com.google.api.HttpBody>
        exportTelemetry(iotflow.v1.ExportTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getExportTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams readings as they are stored (REST: server-sent events). A slow client loses the oldest
     * waiting events and receives their number; other clients do not wait for it. With `since`,
     * stored readings come first; a reading at the boundary may come twice, but is never left out.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, iotflow.v1.SubscribeTelemetryResponse>
        subscribeTelemetry(iotflow.v1.SubscribeTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getSubscribeTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a device's readings in a range of time.
     * </pre>
     */
    public iotflow.v1.DeleteTelemetryResponse deleteTelemetry(iotflow.v1.DeleteTelemetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns whether readings can be stored, and the location of the store.
     * </pre>
     */
    public iotflow.v1.GetTelemetryStatusResponse getTelemetryStatus(iotflow.v1.GetTelemetryStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTelemetryStatusMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TelemetryService.
   * <pre>
   * Writes and reads telemetry.
   * Writers are devices (metadata `x-api-key`) and gateways (`authorization: Bearer &lt;token&gt;`).
   * Readers are admins and viewers (`authorization: Bearer &lt;token&gt;`), devices for their own data, and
   * anyone if the setting IOTFLOW_PUBLIC_READS allows it.
   * A time in a request is RFC 3339 (UTC if it has no offset), seconds (10 digits) or milliseconds
   * (13 digits) since 1970, `now`, or an age such as `-24h` (units ms, s, m, h, d, w). A range
   * includes its start and excludes its end.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED (another device's data, or an inactive
   * device), NOT_FOUND (no such device), INVALID_ARGUMENT (the error names the field; nothing is
   * stored), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (nothing is acknowledged; retry after
   * the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class TelemetryServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TelemetryServiceBlockingStub> {
    private TelemetryServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TelemetryServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TelemetryServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one reading. If the call succeeds, the reading is stored durably; otherwise no part of
     * it is stored.
     * </pre>
     */
    public iotflow.v1.SubmitTelemetryResponse submitTelemetry(iotflow.v1.SubmitTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * SubmitTelemetry for REST. The body is the JSON of a SubmitTelemetryRequest, read with every
     * digit of its numbers; or a flat object, in which every key that is not a field of the request
     * or of the MQTT envelope is a measurement.
     * </pre>
     */
    public iotflow.v1.SubmitTelemetryResponse submitTelemetryJson(com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitTelemetryJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores many readings. If the call succeeds, the accepted values are stored durably. The answer
     * names the rejected values; with `atomic`, one rejected value rejects all readings.
     * </pre>
     */
    public iotflow.v1.SubmitReadingsResponse submitReadings(iotflow.v1.SubmitReadingsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitReadingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * SubmitReadings for REST. The body is the JSON of a SubmitReadingsRequest, read with every digit
     * of its numbers, or the list `readings` alone. A reading may be flat, as for
     * SubmitTelemetryJson. A malformed reading is rejected without affecting the others.
     * </pre>
     */
    public iotflow.v1.SubmitReadingsResponse submitReadingsJson(com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitReadingsJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns readings of one device, newest first.
     * </pre>
     */
    public iotflow.v1.GetTelemetryResponse getTelemetry(iotflow.v1.GetTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the newest value of each measurement of one device.
     * </pre>
     */
    public iotflow.v1.GetLatestTelemetryResponse getLatestTelemetry(iotflow.v1.GetLatestTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetLatestTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the newest values of many devices, by id. A device reads only its own values.
     * </pre>
     */
    public iotflow.v1.ListLatestTelemetryResponse listLatestTelemetry(iotflow.v1.ListLatestTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListLatestTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns aggregates over windows of time, computed by the store. Windows are counted from
     * 1970-01-01 UTC, so that a window of 1h starts at the full hour; the timestamp of a window is
     * its start. TEXT and BOOLEAN have only count, first and last.
     * </pre>
     */
    public iotflow.v1.AggregateTelemetryResponse aggregateTelemetry(iotflow.v1.AggregateTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAggregateTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns readings of one device between two times, oldest first.
     * </pre>
     */
    public iotflow.v1.GetTelemetryRangeResponse getTelemetryRange(iotflow.v1.GetTelemetryRangeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTelemetryRangeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the readings of many devices as columns, device by device, in time order. The server's
     * memory does not grow with the size of the answer.
     * </pre>
     */
    public java.util.Iterator<iotflow.v1.ReadTelemetryResponse> readTelemetry(
        iotflow.v1.ReadTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getReadTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams readings as a file, device by device, in time order. The file has the columns
     * `device_id`, `device_name` and `timestamp`, then one column for each measurement. The server's
     * memory does not grow with the size of the file. A failure ends the call with an error and
     * breaks off the transfer.
     * </pre>
     */
    public java.util.Iterator<com.google.api.HttpBody> exportTelemetry(
        iotflow.v1.ExportTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getExportTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams readings as they are stored (REST: server-sent events). A slow client loses the oldest
     * waiting events and receives their number; other clients do not wait for it. With `since`,
     * stored readings come first; a reading at the boundary may come twice, but is never left out.
     * </pre>
     */
    public java.util.Iterator<iotflow.v1.SubscribeTelemetryResponse> subscribeTelemetry(
        iotflow.v1.SubscribeTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getSubscribeTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a device's readings in a range of time.
     * </pre>
     */
    public iotflow.v1.DeleteTelemetryResponse deleteTelemetry(iotflow.v1.DeleteTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteTelemetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns whether readings can be stored, and the location of the store.
     * </pre>
     */
    public iotflow.v1.GetTelemetryStatusResponse getTelemetryStatus(iotflow.v1.GetTelemetryStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTelemetryStatusMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TelemetryService.
   * <pre>
   * Writes and reads telemetry.
   * Writers are devices (metadata `x-api-key`) and gateways (`authorization: Bearer &lt;token&gt;`).
   * Readers are admins and viewers (`authorization: Bearer &lt;token&gt;`), devices for their own data, and
   * anyone if the setting IOTFLOW_PUBLIC_READS allows it.
   * A time in a request is RFC 3339 (UTC if it has no offset), seconds (10 digits) or milliseconds
   * (13 digits) since 1970, `now`, or an age such as `-24h` (units ms, s, m, h, d, w). A range
   * includes its start and excludes its end.
   * Every RPC may end with UNAUTHENTICATED, PERMISSION_DENIED (another device's data, or an inactive
   * device), NOT_FOUND (no such device), INVALID_ARGUMENT (the error names the field; nothing is
   * stored), RESOURCE_EXHAUSTED (rate limit) and UNAVAILABLE (nothing is acknowledged; retry after
   * the stated time). Errors carry google.rpc.ErrorInfo.
   * </pre>
   */
  public static final class TelemetryServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TelemetryServiceFutureStub> {
    private TelemetryServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TelemetryServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TelemetryServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one reading. If the call succeeds, the reading is stored durably; otherwise no part of
     * it is stored.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SubmitTelemetryResponse> submitTelemetry(
        iotflow.v1.SubmitTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitTelemetryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * SubmitTelemetry for REST. The body is the JSON of a SubmitTelemetryRequest, read with every
     * digit of its numbers; or a flat object, in which every key that is not a field of the request
     * or of the MQTT envelope is a measurement.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SubmitTelemetryResponse> submitTelemetryJson(
        com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitTelemetryJsonMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores many readings. If the call succeeds, the accepted values are stored durably. The answer
     * names the rejected values; with `atomic`, one rejected value rejects all readings.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SubmitReadingsResponse> submitReadings(
        iotflow.v1.SubmitReadingsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitReadingsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * SubmitReadings for REST. The body is the JSON of a SubmitReadingsRequest, read with every digit
     * of its numbers, or the list `readings` alone. A reading may be flat, as for
     * SubmitTelemetryJson. A malformed reading is rejected without affecting the others.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SubmitReadingsResponse> submitReadingsJson(
        com.google.api.HttpBody request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitReadingsJsonMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns readings of one device, newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetTelemetryResponse> getTelemetry(
        iotflow.v1.GetTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTelemetryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the newest value of each measurement of one device.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetLatestTelemetryResponse> getLatestTelemetry(
        iotflow.v1.GetLatestTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetLatestTelemetryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the newest values of many devices, by id. A device reads only its own values.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ListLatestTelemetryResponse> listLatestTelemetry(
        iotflow.v1.ListLatestTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListLatestTelemetryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns aggregates over windows of time, computed by the store. Windows are counted from
     * 1970-01-01 UTC, so that a window of 1h starts at the full hour; the timestamp of a window is
     * its start. TEXT and BOOLEAN have only count, first and last.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.AggregateTelemetryResponse> aggregateTelemetry(
        iotflow.v1.AggregateTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAggregateTelemetryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns readings of one device between two times, oldest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetTelemetryRangeResponse> getTelemetryRange(
        iotflow.v1.GetTelemetryRangeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTelemetryRangeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a device's readings in a range of time.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.DeleteTelemetryResponse> deleteTelemetry(
        iotflow.v1.DeleteTelemetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteTelemetryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns whether readings can be stored, and the location of the store.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetTelemetryStatusResponse> getTelemetryStatus(
        iotflow.v1.GetTelemetryStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTelemetryStatusMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_SUBMIT_TELEMETRY = 0;
  private static final int METHODID_SUBMIT_TELEMETRY_JSON = 1;
  private static final int METHODID_SUBMIT_READINGS = 2;
  private static final int METHODID_SUBMIT_READINGS_JSON = 3;
  private static final int METHODID_GET_TELEMETRY = 4;
  private static final int METHODID_GET_LATEST_TELEMETRY = 5;
  private static final int METHODID_LIST_LATEST_TELEMETRY = 6;
  private static final int METHODID_AGGREGATE_TELEMETRY = 7;
  private static final int METHODID_GET_TELEMETRY_RANGE = 8;
  private static final int METHODID_READ_TELEMETRY = 9;
  private static final int METHODID_EXPORT_TELEMETRY = 10;
  private static final int METHODID_SUBSCRIBE_TELEMETRY = 11;
  private static final int METHODID_DELETE_TELEMETRY = 12;
  private static final int METHODID_GET_TELEMETRY_STATUS = 13;
  private static final int METHODID_STREAM_TELEMETRY = 14;

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
        case METHODID_SUBMIT_TELEMETRY:
          serviceImpl.submitTelemetry((iotflow.v1.SubmitTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SubmitTelemetryResponse>) responseObserver);
          break;
        case METHODID_SUBMIT_TELEMETRY_JSON:
          serviceImpl.submitTelemetryJson((com.google.api.HttpBody) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SubmitTelemetryResponse>) responseObserver);
          break;
        case METHODID_SUBMIT_READINGS:
          serviceImpl.submitReadings((iotflow.v1.SubmitReadingsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SubmitReadingsResponse>) responseObserver);
          break;
        case METHODID_SUBMIT_READINGS_JSON:
          serviceImpl.submitReadingsJson((com.google.api.HttpBody) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SubmitReadingsResponse>) responseObserver);
          break;
        case METHODID_GET_TELEMETRY:
          serviceImpl.getTelemetry((iotflow.v1.GetTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryResponse>) responseObserver);
          break;
        case METHODID_GET_LATEST_TELEMETRY:
          serviceImpl.getLatestTelemetry((iotflow.v1.GetLatestTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetLatestTelemetryResponse>) responseObserver);
          break;
        case METHODID_LIST_LATEST_TELEMETRY:
          serviceImpl.listLatestTelemetry((iotflow.v1.ListLatestTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ListLatestTelemetryResponse>) responseObserver);
          break;
        case METHODID_AGGREGATE_TELEMETRY:
          serviceImpl.aggregateTelemetry((iotflow.v1.AggregateTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.AggregateTelemetryResponse>) responseObserver);
          break;
        case METHODID_GET_TELEMETRY_RANGE:
          serviceImpl.getTelemetryRange((iotflow.v1.GetTelemetryRangeRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryRangeResponse>) responseObserver);
          break;
        case METHODID_READ_TELEMETRY:
          serviceImpl.readTelemetry((iotflow.v1.ReadTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ReadTelemetryResponse>) responseObserver);
          break;
        case METHODID_EXPORT_TELEMETRY:
          serviceImpl.exportTelemetry((iotflow.v1.ExportTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<com.google.api.HttpBody>) responseObserver);
          break;
        case METHODID_SUBSCRIBE_TELEMETRY:
          serviceImpl.subscribeTelemetry((iotflow.v1.SubscribeTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SubscribeTelemetryResponse>) responseObserver);
          break;
        case METHODID_DELETE_TELEMETRY:
          serviceImpl.deleteTelemetry((iotflow.v1.DeleteTelemetryRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.DeleteTelemetryResponse>) responseObserver);
          break;
        case METHODID_GET_TELEMETRY_STATUS:
          serviceImpl.getTelemetryStatus((iotflow.v1.GetTelemetryStatusRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetTelemetryStatusResponse>) responseObserver);
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
        case METHODID_STREAM_TELEMETRY:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.streamTelemetry(
              (io.grpc.stub.StreamObserver<iotflow.v1.StreamTelemetryResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getSubmitTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SubmitTelemetryRequest,
              iotflow.v1.SubmitTelemetryResponse>(
                service, METHODID_SUBMIT_TELEMETRY)))
        .addMethod(
          getSubmitTelemetryJsonMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.google.api.HttpBody,
              iotflow.v1.SubmitTelemetryResponse>(
                service, METHODID_SUBMIT_TELEMETRY_JSON)))
        .addMethod(
          getSubmitReadingsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SubmitReadingsRequest,
              iotflow.v1.SubmitReadingsResponse>(
                service, METHODID_SUBMIT_READINGS)))
        .addMethod(
          getSubmitReadingsJsonMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.google.api.HttpBody,
              iotflow.v1.SubmitReadingsResponse>(
                service, METHODID_SUBMIT_READINGS_JSON)))
        .addMethod(
          getStreamTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              iotflow.v1.TelemetryBatch,
              iotflow.v1.StreamTelemetryResponse>(
                service, METHODID_STREAM_TELEMETRY)))
        .addMethod(
          getGetTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetTelemetryRequest,
              iotflow.v1.GetTelemetryResponse>(
                service, METHODID_GET_TELEMETRY)))
        .addMethod(
          getGetLatestTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetLatestTelemetryRequest,
              iotflow.v1.GetLatestTelemetryResponse>(
                service, METHODID_GET_LATEST_TELEMETRY)))
        .addMethod(
          getListLatestTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ListLatestTelemetryRequest,
              iotflow.v1.ListLatestTelemetryResponse>(
                service, METHODID_LIST_LATEST_TELEMETRY)))
        .addMethod(
          getAggregateTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.AggregateTelemetryRequest,
              iotflow.v1.AggregateTelemetryResponse>(
                service, METHODID_AGGREGATE_TELEMETRY)))
        .addMethod(
          getGetTelemetryRangeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetTelemetryRangeRequest,
              iotflow.v1.GetTelemetryRangeResponse>(
                service, METHODID_GET_TELEMETRY_RANGE)))
        .addMethod(
          getReadTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.ReadTelemetryRequest,
              iotflow.v1.ReadTelemetryResponse>(
                service, METHODID_READ_TELEMETRY)))
        .addMethod(
          getExportTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.ExportTelemetryRequest,
              com.google.api.HttpBody>(
                service, METHODID_EXPORT_TELEMETRY)))
        .addMethod(
          getSubscribeTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              iotflow.v1.SubscribeTelemetryRequest,
              iotflow.v1.SubscribeTelemetryResponse>(
                service, METHODID_SUBSCRIBE_TELEMETRY)))
        .addMethod(
          getDeleteTelemetryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.DeleteTelemetryRequest,
              iotflow.v1.DeleteTelemetryResponse>(
                service, METHODID_DELETE_TELEMETRY)))
        .addMethod(
          getGetTelemetryStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetTelemetryStatusRequest,
              iotflow.v1.GetTelemetryStatusResponse>(
                service, METHODID_GET_TELEMETRY_STATUS)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (TelemetryServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getSubmitTelemetryMethod())
              .addMethod(getSubmitTelemetryJsonMethod())
              .addMethod(getSubmitReadingsMethod())
              .addMethod(getSubmitReadingsJsonMethod())
              .addMethod(getStreamTelemetryMethod())
              .addMethod(getGetTelemetryMethod())
              .addMethod(getGetLatestTelemetryMethod())
              .addMethod(getListLatestTelemetryMethod())
              .addMethod(getAggregateTelemetryMethod())
              .addMethod(getGetTelemetryRangeMethod())
              .addMethod(getReadTelemetryMethod())
              .addMethod(getExportTelemetryMethod())
              .addMethod(getSubscribeTelemetryMethod())
              .addMethod(getDeleteTelemetryMethod())
              .addMethod(getGetTelemetryStatusMethod())
              .build();
        }
      }
    }
    return result;
  }
}
