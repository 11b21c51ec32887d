package iotflow.client;

import io.grpc.StatusRuntimeException;
import iotflow.v1.AggregateTelemetryRequest;
import iotflow.v1.GetLatestTelemetryRequest;
import iotflow.v1.GetLatestTelemetryResponse;
import iotflow.v1.GetTelemetryRangeRequest;
import iotflow.v1.GetTelemetryRangeResponse;
import iotflow.v1.ReadTelemetryRequest;
import iotflow.v1.TelemetryServiceGrpc;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The calls that read. */
final class Reading {
  private final TelemetryServiceGrpc.TelemetryServiceBlockingStub stub;

  Reading(Connection connection) {
    stub = TelemetryServiceGrpc.newBlockingStub(connection);
  }

  /** Makes a call, and an IotflowException of its error. */
  static <A> A call(Supplier<A> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException failure) {
      throw IotflowException.of(failure);
    }
  }

  Point latest(int deviceId, List<String> fields) {
    GetLatestTelemetryRequest request =
        GetLatestTelemetryRequest.newBuilder().setDeviceId(deviceId).addAllFields(fields).build();
    GetLatestTelemetryResponse answer = call(() -> stub.getLatestTelemetry(request));
    return new Point(
        answer.hasTimestamp() ? Times.instant(answer.getTimestamp()) : null,
        Structs.toMap(answer.getLatestData()));
  }

  Iterable<List<Point>> rangePages(Query query) {
    GetTelemetryRangeRequest.Builder request =
        GetTelemetryRangeRequest.newBuilder()
            .setDeviceId(query.device())
            .addAllFields(query.fields)
            .setStartTime(Times.word(query.start))
            .setEndTime(Times.word(query.end));
    if (query.pageSize > 0) {
      request.setPageSize(query.pageSize);
    }
    Iterable<GetTelemetryRangeResponse> pages =
        Pages.of(
            token -> stub.getTelemetryRange(request.clone().setPageToken(token).build()),
            GetTelemetryRangeResponse::getNextPageToken);
    return () -> new Points(pages.iterator());
  }

  List<AggregateWindow> aggregate(Query query, String window, List<String> functions) {
    AggregateTelemetryRequest request =
        AggregateTelemetryRequest.newBuilder()
            .setDeviceId(query.device())
            .addAllFields(query.fields)
            .setStartTime(Times.word(query.start))
            .setEndTime(Times.word(query.end))
            .setWindow(window)
            .addAllAggregation(functions)
            .build();
    return call(() -> stub.aggregateTelemetry(request)).getDataList().stream()
        .map(AggregateWindow::new)
        .collect(Collectors.toList());
  }

  ColumnStream read(Query query) {
    ReadTelemetryRequest request =
        ReadTelemetryRequest.newBuilder()
            .addAllDeviceIds(query.deviceIds)
            .addAllFields(query.fields)
            .setStartTime(Times.word(query.start))
            .setEndTime(Times.word(query.end))
            .setNewestFirst(query.newestFirst)
            .build();
    return new ColumnStream(() -> stub.readTelemetry(request));
  }

  private static final class Points implements Iterator<List<Point>> {
    private final Iterator<GetTelemetryRangeResponse> pages;

    Points(Iterator<GetTelemetryRangeResponse> pages) {
      this.pages = pages;
    }

    @Override
    public boolean hasNext() {
      return pages.hasNext();
    }

    @Override
    public List<Point> next() {
      List<Point> points = new ArrayList<>();
      pages.next().getDataList().forEach(object -> points.add(Point.of(object)));
      return points;
    }
  }
}
