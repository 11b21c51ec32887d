package iotflow.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Devices, their keys and measurements, and counts over all devices.
 * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
 * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
 * RESOURCE_EXHAUSTED and UNAVAILABLE.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class FleetServiceGrpc {

  private FleetServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "iotflow.v1.FleetService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ListDevicesRequest,
      iotflow.v1.ListDevicesResponse> getListDevicesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListDevices",
      requestType = iotflow.v1.ListDevicesRequest.class,
      responseType = iotflow.v1.ListDevicesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ListDevicesRequest,
      iotflow.v1.ListDevicesResponse> getListDevicesMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ListDevicesRequest, iotflow.v1.ListDevicesResponse> getListDevicesMethod;
    if ((getListDevicesMethod = FleetServiceGrpc.getListDevicesMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getListDevicesMethod = FleetServiceGrpc.getListDevicesMethod) == null) {
          FleetServiceGrpc.getListDevicesMethod = getListDevicesMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ListDevicesRequest, iotflow.v1.ListDevicesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListDevices"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListDevicesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListDevicesResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getListDevicesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetDeviceRequest,
      iotflow.v1.GetDeviceResponse> getGetDeviceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetDevice",
      requestType = iotflow.v1.GetDeviceRequest.class,
      responseType = iotflow.v1.GetDeviceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetDeviceRequest,
      iotflow.v1.GetDeviceResponse> getGetDeviceMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetDeviceRequest, iotflow.v1.GetDeviceResponse> getGetDeviceMethod;
    if ((getGetDeviceMethod = FleetServiceGrpc.getGetDeviceMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getGetDeviceMethod = FleetServiceGrpc.getGetDeviceMethod) == null) {
          FleetServiceGrpc.getGetDeviceMethod = getGetDeviceMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetDeviceRequest, iotflow.v1.GetDeviceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetDevice"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDeviceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDeviceResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetDeviceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.UpdateDeviceRequest,
      iotflow.v1.UpdateDeviceResponse> getUpdateDeviceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateDevice",
      requestType = iotflow.v1.UpdateDeviceRequest.class,
      responseType = iotflow.v1.UpdateDeviceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.UpdateDeviceRequest,
      iotflow.v1.UpdateDeviceResponse> getUpdateDeviceMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.UpdateDeviceRequest, iotflow.v1.UpdateDeviceResponse> getUpdateDeviceMethod;
    if ((getUpdateDeviceMethod = FleetServiceGrpc.getUpdateDeviceMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getUpdateDeviceMethod = FleetServiceGrpc.getUpdateDeviceMethod) == null) {
          FleetServiceGrpc.getUpdateDeviceMethod = getUpdateDeviceMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.UpdateDeviceRequest, iotflow.v1.UpdateDeviceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateDevice"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UpdateDeviceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.UpdateDeviceResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getUpdateDeviceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.DeleteDeviceRequest,
      iotflow.v1.DeleteDeviceResponse> getDeleteDeviceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteDevice",
      requestType = iotflow.v1.DeleteDeviceRequest.class,
      responseType = iotflow.v1.DeleteDeviceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.DeleteDeviceRequest,
      iotflow.v1.DeleteDeviceResponse> getDeleteDeviceMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.DeleteDeviceRequest, iotflow.v1.DeleteDeviceResponse> getDeleteDeviceMethod;
    if ((getDeleteDeviceMethod = FleetServiceGrpc.getDeleteDeviceMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getDeleteDeviceMethod = FleetServiceGrpc.getDeleteDeviceMethod) == null) {
          FleetServiceGrpc.getDeleteDeviceMethod = getDeleteDeviceMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.DeleteDeviceRequest, iotflow.v1.DeleteDeviceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteDevice"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.DeleteDeviceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.DeleteDeviceResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getDeleteDeviceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.SetDeviceStatusRequest,
      iotflow.v1.SetDeviceStatusResponse> getSetDeviceStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetDeviceStatus",
      requestType = iotflow.v1.SetDeviceStatusRequest.class,
      responseType = iotflow.v1.SetDeviceStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.SetDeviceStatusRequest,
      iotflow.v1.SetDeviceStatusResponse> getSetDeviceStatusMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.SetDeviceStatusRequest, iotflow.v1.SetDeviceStatusResponse> getSetDeviceStatusMethod;
    if ((getSetDeviceStatusMethod = FleetServiceGrpc.getSetDeviceStatusMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getSetDeviceStatusMethod = FleetServiceGrpc.getSetDeviceStatusMethod) == null) {
          FleetServiceGrpc.getSetDeviceStatusMethod = getSetDeviceStatusMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.SetDeviceStatusRequest, iotflow.v1.SetDeviceStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetDeviceStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SetDeviceStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.SetDeviceStatusResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getSetDeviceStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ResetDeviceKeyRequest,
      iotflow.v1.ResetDeviceKeyResponse> getResetDeviceKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResetDeviceKey",
      requestType = iotflow.v1.ResetDeviceKeyRequest.class,
      responseType = iotflow.v1.ResetDeviceKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ResetDeviceKeyRequest,
      iotflow.v1.ResetDeviceKeyResponse> getResetDeviceKeyMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ResetDeviceKeyRequest, iotflow.v1.ResetDeviceKeyResponse> getResetDeviceKeyMethod;
    if ((getResetDeviceKeyMethod = FleetServiceGrpc.getResetDeviceKeyMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getResetDeviceKeyMethod = FleetServiceGrpc.getResetDeviceKeyMethod) == null) {
          FleetServiceGrpc.getResetDeviceKeyMethod = getResetDeviceKeyMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ResetDeviceKeyRequest, iotflow.v1.ResetDeviceKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResetDeviceKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ResetDeviceKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ResetDeviceKeyResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getResetDeviceKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ResetDeviceKeyJsonRequest,
      iotflow.v1.ResetDeviceKeyResponse> getResetDeviceKeyJsonMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResetDeviceKeyJson",
      requestType = iotflow.v1.ResetDeviceKeyJsonRequest.class,
      responseType = iotflow.v1.ResetDeviceKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ResetDeviceKeyJsonRequest,
      iotflow.v1.ResetDeviceKeyResponse> getResetDeviceKeyJsonMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ResetDeviceKeyJsonRequest, iotflow.v1.ResetDeviceKeyResponse> getResetDeviceKeyJsonMethod;
    if ((getResetDeviceKeyJsonMethod = FleetServiceGrpc.getResetDeviceKeyJsonMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getResetDeviceKeyJsonMethod = FleetServiceGrpc.getResetDeviceKeyJsonMethod) == null) {
          FleetServiceGrpc.getResetDeviceKeyJsonMethod = getResetDeviceKeyJsonMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ResetDeviceKeyJsonRequest, iotflow.v1.ResetDeviceKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResetDeviceKeyJson"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ResetDeviceKeyJsonRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ResetDeviceKeyResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getResetDeviceKeyJsonMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ImportDevicesRequest,
      iotflow.v1.ImportDevicesResponse> getImportDevicesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ImportDevices",
      requestType = iotflow.v1.ImportDevicesRequest.class,
      responseType = iotflow.v1.ImportDevicesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<iotflow.v1.ImportDevicesRequest,
      iotflow.v1.ImportDevicesResponse> getImportDevicesMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ImportDevicesRequest, iotflow.v1.ImportDevicesResponse> getImportDevicesMethod;
    if ((getImportDevicesMethod = FleetServiceGrpc.getImportDevicesMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getImportDevicesMethod = FleetServiceGrpc.getImportDevicesMethod) == null) {
          FleetServiceGrpc.getImportDevicesMethod = getImportDevicesMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ImportDevicesRequest, iotflow.v1.ImportDevicesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ImportDevices"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ImportDevicesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ImportDevicesResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getImportDevicesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.ListMeasurementsRequest,
      iotflow.v1.ListMeasurementsResponse> getListMeasurementsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListMeasurements",
      requestType = iotflow.v1.ListMeasurementsRequest.class,
      responseType = iotflow.v1.ListMeasurementsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.ListMeasurementsRequest,
      iotflow.v1.ListMeasurementsResponse> getListMeasurementsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.ListMeasurementsRequest, iotflow.v1.ListMeasurementsResponse> getListMeasurementsMethod;
    if ((getListMeasurementsMethod = FleetServiceGrpc.getListMeasurementsMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getListMeasurementsMethod = FleetServiceGrpc.getListMeasurementsMethod) == null) {
          FleetServiceGrpc.getListMeasurementsMethod = getListMeasurementsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.ListMeasurementsRequest, iotflow.v1.ListMeasurementsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListMeasurements"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListMeasurementsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.ListMeasurementsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getListMeasurementsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.DropMeasurementRequest,
      iotflow.v1.DropMeasurementResponse> getDropMeasurementMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DropMeasurement",
      requestType = iotflow.v1.DropMeasurementRequest.class,
      responseType = iotflow.v1.DropMeasurementResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.DropMeasurementRequest,
      iotflow.v1.DropMeasurementResponse> getDropMeasurementMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.DropMeasurementRequest, iotflow.v1.DropMeasurementResponse> getDropMeasurementMethod;
    if ((getDropMeasurementMethod = FleetServiceGrpc.getDropMeasurementMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getDropMeasurementMethod = FleetServiceGrpc.getDropMeasurementMethod) == null) {
          FleetServiceGrpc.getDropMeasurementMethod = getDropMeasurementMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.DropMeasurementRequest, iotflow.v1.DropMeasurementResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DropMeasurement"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.DropMeasurementRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.DropMeasurementResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getDropMeasurementMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.RetypeMeasurementRequest,
      iotflow.v1.RetypeMeasurementResponse> getRetypeMeasurementMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RetypeMeasurement",
      requestType = iotflow.v1.RetypeMeasurementRequest.class,
      responseType = iotflow.v1.RetypeMeasurementResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.RetypeMeasurementRequest,
      iotflow.v1.RetypeMeasurementResponse> getRetypeMeasurementMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.RetypeMeasurementRequest, iotflow.v1.RetypeMeasurementResponse> getRetypeMeasurementMethod;
    if ((getRetypeMeasurementMethod = FleetServiceGrpc.getRetypeMeasurementMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getRetypeMeasurementMethod = FleetServiceGrpc.getRetypeMeasurementMethod) == null) {
          FleetServiceGrpc.getRetypeMeasurementMethod = getRetypeMeasurementMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.RetypeMeasurementRequest, iotflow.v1.RetypeMeasurementResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RetypeMeasurement"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RetypeMeasurementRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.RetypeMeasurementResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getRetypeMeasurementMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetDashboardRequest,
      iotflow.v1.GetDashboardResponse> getGetDashboardMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetDashboard",
      requestType = iotflow.v1.GetDashboardRequest.class,
      responseType = iotflow.v1.GetDashboardResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetDashboardRequest,
      iotflow.v1.GetDashboardResponse> getGetDashboardMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetDashboardRequest, iotflow.v1.GetDashboardResponse> getGetDashboardMethod;
    if ((getGetDashboardMethod = FleetServiceGrpc.getGetDashboardMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getGetDashboardMethod = FleetServiceGrpc.getGetDashboardMethod) == null) {
          FleetServiceGrpc.getGetDashboardMethod = getGetDashboardMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetDashboardRequest, iotflow.v1.GetDashboardResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetDashboard"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDashboardRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetDashboardResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetDashboardMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetAnalyticsRequest,
      iotflow.v1.GetAnalyticsResponse> getGetAnalyticsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetAnalytics",
      requestType = iotflow.v1.GetAnalyticsRequest.class,
      responseType = iotflow.v1.GetAnalyticsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetAnalyticsRequest,
      iotflow.v1.GetAnalyticsResponse> getGetAnalyticsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetAnalyticsRequest, iotflow.v1.GetAnalyticsResponse> getGetAnalyticsMethod;
    if ((getGetAnalyticsMethod = FleetServiceGrpc.getGetAnalyticsMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getGetAnalyticsMethod = FleetServiceGrpc.getGetAnalyticsMethod) == null) {
          FleetServiceGrpc.getGetAnalyticsMethod = getGetAnalyticsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetAnalyticsRequest, iotflow.v1.GetAnalyticsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetAnalytics"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetAnalyticsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetAnalyticsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetAnalyticsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<iotflow.v1.GetStatsRequest,
      iotflow.v1.GetStatsResponse> getGetStatsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetStats",
      requestType = iotflow.v1.GetStatsRequest.class,
      responseType = iotflow.v1.GetStatsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<iotflow.v1.GetStatsRequest,
      iotflow.v1.GetStatsResponse> getGetStatsMethod() {
    io.grpc.MethodDescriptor<iotflow.v1.GetStatsRequest, iotflow.v1.GetStatsResponse> getGetStatsMethod;
    if ((getGetStatsMethod = FleetServiceGrpc.getGetStatsMethod) == null) {
      synchronized (FleetServiceGrpc.class) {
        if ((getGetStatsMethod = FleetServiceGrpc.getGetStatsMethod) == null) {
          FleetServiceGrpc.getGetStatsMethod = getGetStatsMethod =
              io.grpc.MethodDescriptor.<iotflow.v1.GetStatsRequest, iotflow.v1.GetStatsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetStats"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetStatsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.lite.ProtoLiteUtils.marshaller(
                  iotflow.v1.GetStatsResponse.getDefaultInstance()))
              .build();
        }
      }
    }
    return getGetStatsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static FleetServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FleetServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FleetServiceStub>() {
        @java.lang.Override
        public FleetServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FleetServiceStub(channel, callOptions);
        }
      };
    return FleetServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static FleetServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FleetServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FleetServiceBlockingV2Stub>() {
        @java.lang.Override
        public FleetServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FleetServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return FleetServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static FleetServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FleetServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FleetServiceBlockingStub>() {
        @java.lang.Override
        public FleetServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FleetServiceBlockingStub(channel, callOptions);
        }
      };
    return FleetServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static FleetServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FleetServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FleetServiceFutureStub>() {
        @java.lang.Override
        public FleetServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FleetServiceFutureStub(channel, callOptions);
        }
      };
    return FleetServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Devices, their keys and measurements, and counts over all devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists devices by id.
     * </pre>
     */
    default void listDevices(iotflow.v1.ListDevicesRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListDevicesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListDevicesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a device, its desired configuration and the number of its stored readings.
     * </pre>
     */
    default void getDevice(iotflow.v1.GetDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetDeviceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the given fields of a device. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    default void updateDevice(iotflow.v1.UpdateDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateDeviceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a device. Its key is invalid at once. Its telemetry remains unless the request deletes
     * it.
     * </pre>
     */
    default void deleteDevice(iotflow.v1.DeleteDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.DeleteDeviceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteDeviceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sets the status of a device. `inactive` suspends the device: gRPC, REST and MQTT reject it
     * until its status changes.
     * </pre>
     */
    default void setDeviceStatus(iotflow.v1.SetDeviceStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SetDeviceStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetDeviceStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a new key for a device whose key is lost or stolen. The answer shows it once. All other
     * keys of the device are invalid at once, and streams and connections that use them end, unless
     * the request grants a grace period.
     * </pre>
     */
    default void resetDeviceKey(iotflow.v1.ResetDeviceKeyRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ResetDeviceKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResetDeviceKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * ResetDeviceKey for REST. The body is the JSON of a ResetDeviceKeyRequest. Unknown fields are
     * rejected by name.
     * </pre>
     */
    default void resetDeviceKeyJson(iotflow.v1.ResetDeviceKeyJsonRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ResetDeviceKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResetDeviceKeyJsonMethod(), responseObserver);
    }

    /**
     * <pre>
     * Registers many devices. Each message is one transaction: its answer comes when its devices are
     * stored, in the order of the messages. A device that cannot be registered is rejected alone. The
     * stream ends with INVALID_ARGUMENT if a message violates the rules of ImportDevicesRequest, and
     * with UNAVAILABLE if the registry cannot store a message.
     * A client whose stream ended opens another one with the same `import_id`, and sends the devices
     * again whose answers it does not have. Devices that the import has registered and that have not
     * been in use are answered with a new key, which replaces the former one at its first use. A
     * client that keeps several messages unanswered does not wait for each answer.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<iotflow.v1.ImportDevicesRequest> importDevices(
        io.grpc.stub.StreamObserver<iotflow.v1.ImportDevicesResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getImportDevicesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the measurements of a device by name, with their types.
     * </pre>
     */
    default void listMeasurements(iotflow.v1.ListMeasurementsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListMeasurementsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListMeasurementsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a measurement of a device with all its readings. A later value of the same name starts
     * a new measurement, which may have another type.
     * </pre>
     */
    default void dropMeasurement(iotflow.v1.DropMeasurementRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.DropMeasurementResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDropMeasurementMethod(), responseObserver);
    }

    /**
     * <pre>
     * Converts the stored readings of a measurement to another type. Converts all readings, or none
     * if one of them would lose information (INVALID_ARGUMENT, NOT_LOSSLESS). FAILED_PRECONDITION
     * (TOO_MANY_READINGS): the measurement has more than 1,000,000 readings.
     * </pre>
     */
    default void retypeMeasurement(iotflow.v1.RetypeMeasurementRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RetypeMeasurementResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRetypeMeasurementMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the numbers of devices by status and presence, and the devices that were seen last.
     * </pre>
     */
    default void getDashboard(iotflow.v1.GetDashboardRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDashboardResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetDashboardMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the numbers of devices by type, status, location and firmware version, the 100 largest
     * of each, and the registrations on each of the last 30 days.
     * </pre>
     */
    default void getAnalytics(iotflow.v1.GetAnalyticsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetAnalyticsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetAnalyticsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns counts for monitoring: devices, ingestion by this process, tokens and open commands.
     * </pre>
     */
    default void getStats(iotflow.v1.GetStatsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetStatsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetStatsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service FleetService.
   * <pre>
   * Devices, their keys and measurements, and counts over all devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static abstract class FleetServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return FleetServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service FleetService.
   * <pre>
   * Devices, their keys and measurements, and counts over all devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class FleetServiceStub
      extends io.grpc.stub.AbstractAsyncStub<FleetServiceStub> {
    private FleetServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FleetServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FleetServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists devices by id.
     * </pre>
     */
    public void listDevices(iotflow.v1.ListDevicesRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListDevicesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListDevicesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a device, its desired configuration and the number of its stored readings.
     * </pre>
     */
    public void getDevice(iotflow.v1.GetDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetDeviceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the given fields of a device. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public void updateDevice(iotflow.v1.UpdateDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateDeviceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a device. Its key is invalid at once. Its telemetry remains unless the request deletes
     * it.
     * </pre>
     */
    public void deleteDevice(iotflow.v1.DeleteDeviceRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.DeleteDeviceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteDeviceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sets the status of a device. `inactive` suspends the device: gRPC, REST and MQTT reject it
     * until its status changes.
     * </pre>
     */
    public void setDeviceStatus(iotflow.v1.SetDeviceStatusRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.SetDeviceStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetDeviceStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a new key for a device whose key is lost or stolen. The answer shows it once. All other
     * keys of the device are invalid at once, and streams and connections that use them end, unless
     * the request grants a grace period.
     * </pre>
     */
    public void resetDeviceKey(iotflow.v1.ResetDeviceKeyRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ResetDeviceKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResetDeviceKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ResetDeviceKey for REST. The body is the JSON of a ResetDeviceKeyRequest. Unknown fields are
     * rejected by name.
     * </pre>
     */
    public void resetDeviceKeyJson(iotflow.v1.ResetDeviceKeyJsonRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ResetDeviceKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResetDeviceKeyJsonMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Registers many devices. Each message is one transaction: its answer comes when its devices are
     * stored, in the order of the messages. A device that cannot be registered is rejected alone. The
     * stream ends with INVALID_ARGUMENT if a message violates the rules of ImportDevicesRequest, and
     * with UNAVAILABLE if the registry cannot store a message.
     * A client whose stream ended opens another one with the same `import_id`, and sends the devices
     * again whose answers it does not have. Devices that the import has registered and that have not
     * been in use are answered with a new key, which replaces the former one at its first use. A
     * client that keeps several messages unanswered does not wait for each answer.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<iotflow.v1.ImportDevicesRequest> importDevices(
        io.grpc.stub.StreamObserver<iotflow.v1.ImportDevicesResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getImportDevicesMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Lists the measurements of a device by name, with their types.
     * </pre>
     */
    public void listMeasurements(iotflow.v1.ListMeasurementsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.ListMeasurementsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListMeasurementsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a measurement of a device with all its readings. A later value of the same name starts
     * a new measurement, which may have another type.
     * </pre>
     */
    public void dropMeasurement(iotflow.v1.DropMeasurementRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.DropMeasurementResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDropMeasurementMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Converts the stored readings of a measurement to another type. Converts all readings, or none
     * if one of them would lose information (INVALID_ARGUMENT, NOT_LOSSLESS). FAILED_PRECONDITION
     * (TOO_MANY_READINGS): the measurement has more than 1,000,000 readings.
     * </pre>
     */
    public void retypeMeasurement(iotflow.v1.RetypeMeasurementRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.RetypeMeasurementResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRetypeMeasurementMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the numbers of devices by status and presence, and the devices that were seen last.
     * </pre>
     */
    public void getDashboard(iotflow.v1.GetDashboardRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetDashboardResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetDashboardMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the numbers of devices by type, status, location and firmware version, the 100 largest
     * of each, and the registrations on each of the last 30 days.
     * </pre>
     */
    public void getAnalytics(iotflow.v1.GetAnalyticsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetAnalyticsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetAnalyticsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns counts for monitoring: devices, ingestion by this process, tokens and open commands.
     * </pre>
     */
    public void getStats(iotflow.v1.GetStatsRequest request,
        io.grpc.stub.StreamObserver<iotflow.v1.GetStatsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetStatsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service FleetService.
   * <pre>
   * Devices, their keys and measurements, and counts over all devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class FleetServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<FleetServiceBlockingV2Stub> {
    private FleetServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FleetServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FleetServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists devices by id.
     * </pre>
     */
    public iotflow.v1.ListDevicesResponse listDevices(iotflow.v1.ListDevicesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListDevicesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a device, its desired configuration and the number of its stored readings.
     * </pre>
     */
    public iotflow.v1.GetDeviceResponse getDevice(iotflow.v1.GetDeviceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the given fields of a device. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public iotflow.v1.UpdateDeviceResponse updateDevice(iotflow.v1.UpdateDeviceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a device. Its key is invalid at once. Its telemetry remains unless the request deletes
     * it.
     * </pre>
     */
    public iotflow.v1.DeleteDeviceResponse deleteDevice(iotflow.v1.DeleteDeviceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets the status of a device. `inactive` suspends the device: gRPC, REST and MQTT reject it
     * until its status changes.
     * </pre>
     */
    public iotflow.v1.SetDeviceStatusResponse setDeviceStatus(iotflow.v1.SetDeviceStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetDeviceStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a new key for a device whose key is lost or stolen. The answer shows it once. All other
     * keys of the device are invalid at once, and streams and connections that use them end, unless
     * the request grants a grace period.
     * </pre>
     */
    public iotflow.v1.ResetDeviceKeyResponse resetDeviceKey(iotflow.v1.ResetDeviceKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResetDeviceKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ResetDeviceKey for REST. The body is the JSON of a ResetDeviceKeyRequest. Unknown fields are
     * rejected by name.
     * </pre>
     */
    public iotflow.v1.ResetDeviceKeyResponse resetDeviceKeyJson(iotflow.v1.ResetDeviceKeyJsonRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResetDeviceKeyJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Registers many devices. Each message is one transaction: its answer comes when its devices are
     * stored, in the order of the messages. A device that cannot be registered is rejected alone. The
     * stream ends with INVALID_ARGUMENT if a message violates the rules of ImportDevicesRequest, and
     * with UNAVAILABLE if the registry cannot store a message.
     * A client whose stream ended opens another one with the same `import_id`, and sends the devices
     * again whose answers it does not have. Devices that the import has registered and that have not
     * been in use are answered with a new key, which replaces the former one at its first use. A
     * client that keeps several messages unanswered does not wait for each answer.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<iotflow.v1.ImportDevicesRequest, iotflow.v1.ImportDevicesResponse>
        importDevices() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getImportDevicesMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Lists the measurements of a device by name, with their types.
     * </pre>
     */
    public iotflow.v1.ListMeasurementsResponse listMeasurements(iotflow.v1.ListMeasurementsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListMeasurementsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a measurement of a device with all its readings. A later value of the same name starts
     * a new measurement, which may have another type.
     * </pre>
     */
    public iotflow.v1.DropMeasurementResponse dropMeasurement(iotflow.v1.DropMeasurementRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDropMeasurementMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Converts the stored readings of a measurement to another type. Converts all readings, or none
     * if one of them would lose information (INVALID_ARGUMENT, NOT_LOSSLESS). FAILED_PRECONDITION
     * (TOO_MANY_READINGS): the measurement has more than 1,000,000 readings.
     * </pre>
     */
    public iotflow.v1.RetypeMeasurementResponse retypeMeasurement(iotflow.v1.RetypeMeasurementRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRetypeMeasurementMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the numbers of devices by status and presence, and the devices that were seen last.
     * </pre>
     */
    public iotflow.v1.GetDashboardResponse getDashboard(iotflow.v1.GetDashboardRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetDashboardMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the numbers of devices by type, status, location and firmware version, the 100 largest
     * of each, and the registrations on each of the last 30 days.
     * </pre>
     */
    public iotflow.v1.GetAnalyticsResponse getAnalytics(iotflow.v1.GetAnalyticsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetAnalyticsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns counts for monitoring: devices, ingestion by this process, tokens and open commands.
     * </pre>
     */
    public iotflow.v1.GetStatsResponse getStats(iotflow.v1.GetStatsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetStatsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service FleetService.
   * <pre>
   * Devices, their keys and measurements, and counts over all devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class FleetServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<FleetServiceBlockingStub> {
    private FleetServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FleetServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FleetServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists devices by id.
     * </pre>
     */
    public iotflow.v1.ListDevicesResponse listDevices(iotflow.v1.ListDevicesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListDevicesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a device, its desired configuration and the number of its stored readings.
     * </pre>
     */
    public iotflow.v1.GetDeviceResponse getDevice(iotflow.v1.GetDeviceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the given fields of a device. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public iotflow.v1.UpdateDeviceResponse updateDevice(iotflow.v1.UpdateDeviceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a device. Its key is invalid at once. Its telemetry remains unless the request deletes
     * it.
     * </pre>
     */
    public iotflow.v1.DeleteDeviceResponse deleteDevice(iotflow.v1.DeleteDeviceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteDeviceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets the status of a device. `inactive` suspends the device: gRPC, REST and MQTT reject it
     * until its status changes.
     * </pre>
     */
    public iotflow.v1.SetDeviceStatusResponse setDeviceStatus(iotflow.v1.SetDeviceStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetDeviceStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a new key for a device whose key is lost or stolen. The answer shows it once. All other
     * keys of the device are invalid at once, and streams and connections that use them end, unless
     * the request grants a grace period.
     * </pre>
     */
    public iotflow.v1.ResetDeviceKeyResponse resetDeviceKey(iotflow.v1.ResetDeviceKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResetDeviceKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ResetDeviceKey for REST. The body is the JSON of a ResetDeviceKeyRequest. Unknown fields are
     * rejected by name.
     * </pre>
     */
    public iotflow.v1.ResetDeviceKeyResponse resetDeviceKeyJson(iotflow.v1.ResetDeviceKeyJsonRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResetDeviceKeyJsonMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the measurements of a device by name, with their types.
     * </pre>
     */
    public iotflow.v1.ListMeasurementsResponse listMeasurements(iotflow.v1.ListMeasurementsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListMeasurementsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a measurement of a device with all its readings. A later value of the same name starts
     * a new measurement, which may have another type.
     * </pre>
     */
    public iotflow.v1.DropMeasurementResponse dropMeasurement(iotflow.v1.DropMeasurementRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDropMeasurementMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Converts the stored readings of a measurement to another type. Converts all readings, or none
     * if one of them would lose information (INVALID_ARGUMENT, NOT_LOSSLESS). FAILED_PRECONDITION
     * (TOO_MANY_READINGS): the measurement has more than 1,000,000 readings.
     * </pre>
     */
    public iotflow.v1.RetypeMeasurementResponse retypeMeasurement(iotflow.v1.RetypeMeasurementRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRetypeMeasurementMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the numbers of devices by status and presence, and the devices that were seen last.
     * </pre>
     */
    public iotflow.v1.GetDashboardResponse getDashboard(iotflow.v1.GetDashboardRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetDashboardMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the numbers of devices by type, status, location and firmware version, the 100 largest
     * of each, and the registrations on each of the last 30 days.
     * </pre>
     */
    public iotflow.v1.GetAnalyticsResponse getAnalytics(iotflow.v1.GetAnalyticsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetAnalyticsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns counts for monitoring: devices, ingestion by this process, tokens and open commands.
     * </pre>
     */
    public iotflow.v1.GetStatsResponse getStats(iotflow.v1.GetStatsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetStatsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service FleetService.
   * <pre>
   * Devices, their keys and measurements, and counts over all devices.
   * Callers send the metadata `authorization: Bearer &lt;token&gt;`. Every RPC may end with
   * UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT (the error names the field),
   * RESOURCE_EXHAUSTED and UNAVAILABLE.
   * </pre>
   */
  public static final class FleetServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<FleetServiceFutureStub> {
    private FleetServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FleetServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FleetServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists devices by id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ListDevicesResponse> listDevices(
        iotflow.v1.ListDevicesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListDevicesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a device, its desired configuration and the number of its stored readings.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetDeviceResponse> getDevice(
        iotflow.v1.GetDeviceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetDeviceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the given fields of a device. ALREADY_EXISTS: the name is in use.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.UpdateDeviceResponse> updateDevice(
        iotflow.v1.UpdateDeviceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateDeviceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a device. Its key is invalid at once. Its telemetry remains unless the request deletes
     * it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.DeleteDeviceResponse> deleteDevice(
        iotflow.v1.DeleteDeviceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteDeviceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sets the status of a device. `inactive` suspends the device: gRPC, REST and MQTT reject it
     * until its status changes.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.SetDeviceStatusResponse> setDeviceStatus(
        iotflow.v1.SetDeviceStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetDeviceStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a new key for a device whose key is lost or stolen. The answer shows it once. All other
     * keys of the device are invalid at once, and streams and connections that use them end, unless
     * the request grants a grace period.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ResetDeviceKeyResponse> resetDeviceKey(
        iotflow.v1.ResetDeviceKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResetDeviceKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ResetDeviceKey for REST. The body is the JSON of a ResetDeviceKeyRequest. Unknown fields are
     * rejected by name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ResetDeviceKeyResponse> resetDeviceKeyJson(
        iotflow.v1.ResetDeviceKeyJsonRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResetDeviceKeyJsonMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the measurements of a device by name, with their types.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.ListMeasurementsResponse> listMeasurements(
        iotflow.v1.ListMeasurementsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListMeasurementsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a measurement of a device with all its readings. A later value of the same name starts
     * a new measurement, which may have another type.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.DropMeasurementResponse> dropMeasurement(
        iotflow.v1.DropMeasurementRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDropMeasurementMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Converts the stored readings of a measurement to another type. Converts all readings, or none
     * if one of them would lose information (INVALID_ARGUMENT, NOT_LOSSLESS). FAILED_PRECONDITION
     * (TOO_MANY_READINGS): the measurement has more than 1,000,000 readings.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.RetypeMeasurementResponse> retypeMeasurement(
        iotflow.v1.RetypeMeasurementRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRetypeMeasurementMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the numbers of devices by status and presence, and the devices that were seen last.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetDashboardResponse> getDashboard(
        iotflow.v1.GetDashboardRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetDashboardMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the numbers of devices by type, status, location and firmware version, the 100 largest
     * of each, and the registrations on each of the last 30 days.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetAnalyticsResponse> getAnalytics(
        iotflow.v1.GetAnalyticsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetAnalyticsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns counts for monitoring: devices, ingestion by this process, tokens and open commands.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<iotflow.v1.GetStatsResponse> getStats(
        iotflow.v1.GetStatsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetStatsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_DEVICES = 0;
  private static final int METHODID_GET_DEVICE = 1;
  private static final int METHODID_UPDATE_DEVICE = 2;
  private static final int METHODID_DELETE_DEVICE = 3;
  private static final int METHODID_SET_DEVICE_STATUS = 4;
  private static final int METHODID_RESET_DEVICE_KEY = 5;
  private static final int METHODID_RESET_DEVICE_KEY_JSON = 6;
  private static final int METHODID_LIST_MEASUREMENTS = 7;
  private static final int METHODID_DROP_MEASUREMENT = 8;
  private static final int METHODID_RETYPE_MEASUREMENT = 9;
  private static final int METHODID_GET_DASHBOARD = 10;
  private static final int METHODID_GET_ANALYTICS = 11;
  private static final int METHODID_GET_STATS = 12;
  private static final int METHODID_IMPORT_DEVICES = 13;

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
        case METHODID_LIST_DEVICES:
          serviceImpl.listDevices((iotflow.v1.ListDevicesRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ListDevicesResponse>) responseObserver);
          break;
        case METHODID_GET_DEVICE:
          serviceImpl.getDevice((iotflow.v1.GetDeviceRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetDeviceResponse>) responseObserver);
          break;
        case METHODID_UPDATE_DEVICE:
          serviceImpl.updateDevice((iotflow.v1.UpdateDeviceRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.UpdateDeviceResponse>) responseObserver);
          break;
        case METHODID_DELETE_DEVICE:
          serviceImpl.deleteDevice((iotflow.v1.DeleteDeviceRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.DeleteDeviceResponse>) responseObserver);
          break;
        case METHODID_SET_DEVICE_STATUS:
          serviceImpl.setDeviceStatus((iotflow.v1.SetDeviceStatusRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.SetDeviceStatusResponse>) responseObserver);
          break;
        case METHODID_RESET_DEVICE_KEY:
          serviceImpl.resetDeviceKey((iotflow.v1.ResetDeviceKeyRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ResetDeviceKeyResponse>) responseObserver);
          break;
        case METHODID_RESET_DEVICE_KEY_JSON:
          serviceImpl.resetDeviceKeyJson((iotflow.v1.ResetDeviceKeyJsonRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ResetDeviceKeyResponse>) responseObserver);
          break;
        case METHODID_LIST_MEASUREMENTS:
          serviceImpl.listMeasurements((iotflow.v1.ListMeasurementsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.ListMeasurementsResponse>) responseObserver);
          break;
        case METHODID_DROP_MEASUREMENT:
          serviceImpl.dropMeasurement((iotflow.v1.DropMeasurementRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.DropMeasurementResponse>) responseObserver);
          break;
        case METHODID_RETYPE_MEASUREMENT:
          serviceImpl.retypeMeasurement((iotflow.v1.RetypeMeasurementRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.RetypeMeasurementResponse>) responseObserver);
          break;
        case METHODID_GET_DASHBOARD:
          serviceImpl.getDashboard((iotflow.v1.GetDashboardRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetDashboardResponse>) responseObserver);
          break;
        case METHODID_GET_ANALYTICS:
          serviceImpl.getAnalytics((iotflow.v1.GetAnalyticsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetAnalyticsResponse>) responseObserver);
          break;
        case METHODID_GET_STATS:
          serviceImpl.getStats((iotflow.v1.GetStatsRequest) request,
              (io.grpc.stub.StreamObserver<iotflow.v1.GetStatsResponse>) responseObserver);
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
        case METHODID_IMPORT_DEVICES:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.importDevices(
              (io.grpc.stub.StreamObserver<iotflow.v1.ImportDevicesResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListDevicesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ListDevicesRequest,
              iotflow.v1.ListDevicesResponse>(
                service, METHODID_LIST_DEVICES)))
        .addMethod(
          getGetDeviceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetDeviceRequest,
              iotflow.v1.GetDeviceResponse>(
                service, METHODID_GET_DEVICE)))
        .addMethod(
          getUpdateDeviceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.UpdateDeviceRequest,
              iotflow.v1.UpdateDeviceResponse>(
                service, METHODID_UPDATE_DEVICE)))
        .addMethod(
          getDeleteDeviceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.DeleteDeviceRequest,
              iotflow.v1.DeleteDeviceResponse>(
                service, METHODID_DELETE_DEVICE)))
        .addMethod(
          getSetDeviceStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.SetDeviceStatusRequest,
              iotflow.v1.SetDeviceStatusResponse>(
                service, METHODID_SET_DEVICE_STATUS)))
        .addMethod(
          getResetDeviceKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ResetDeviceKeyRequest,
              iotflow.v1.ResetDeviceKeyResponse>(
                service, METHODID_RESET_DEVICE_KEY)))
        .addMethod(
          getResetDeviceKeyJsonMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ResetDeviceKeyJsonRequest,
              iotflow.v1.ResetDeviceKeyResponse>(
                service, METHODID_RESET_DEVICE_KEY_JSON)))
        .addMethod(
          getImportDevicesMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              iotflow.v1.ImportDevicesRequest,
              iotflow.v1.ImportDevicesResponse>(
                service, METHODID_IMPORT_DEVICES)))
        .addMethod(
          getListMeasurementsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.ListMeasurementsRequest,
              iotflow.v1.ListMeasurementsResponse>(
                service, METHODID_LIST_MEASUREMENTS)))
        .addMethod(
          getDropMeasurementMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.DropMeasurementRequest,
              iotflow.v1.DropMeasurementResponse>(
                service, METHODID_DROP_MEASUREMENT)))
        .addMethod(
          getRetypeMeasurementMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.RetypeMeasurementRequest,
              iotflow.v1.RetypeMeasurementResponse>(
                service, METHODID_RETYPE_MEASUREMENT)))
        .addMethod(
          getGetDashboardMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetDashboardRequest,
              iotflow.v1.GetDashboardResponse>(
                service, METHODID_GET_DASHBOARD)))
        .addMethod(
          getGetAnalyticsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetAnalyticsRequest,
              iotflow.v1.GetAnalyticsResponse>(
                service, METHODID_GET_ANALYTICS)))
        .addMethod(
          getGetStatsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              iotflow.v1.GetStatsRequest,
              iotflow.v1.GetStatsResponse>(
                service, METHODID_GET_STATS)))
        .build();
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (FleetServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .addMethod(getListDevicesMethod())
              .addMethod(getGetDeviceMethod())
              .addMethod(getUpdateDeviceMethod())
              .addMethod(getDeleteDeviceMethod())
              .addMethod(getSetDeviceStatusMethod())
              .addMethod(getResetDeviceKeyMethod())
              .addMethod(getResetDeviceKeyJsonMethod())
              .addMethod(getImportDevicesMethod())
              .addMethod(getListMeasurementsMethod())
              .addMethod(getDropMeasurementMethod())
              .addMethod(getRetypeMeasurementMethod())
              .addMethod(getGetDashboardMethod())
              .addMethod(getGetAnalyticsMethod())
              .addMethod(getGetStatsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
