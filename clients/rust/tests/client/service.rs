//! The calls of the server.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, StreamExt, unfold};
use hyper::body::Incoming;
use iotflow::v1::{
    Column, Command, DesiredConfig, Device, GetLatestTelemetryRequest, GetLatestTelemetryResponse,
    RegisterDeviceRequest, RegisterDeviceResponse, RotateApiKeyRequest, RotateApiKeyResponse, SendHeartbeatRequest,
    SendHeartbeatResponse, StreamCommandsRequest, StreamCommandsResponse, StreamHeartbeat, StreamTelemetryResponse,
    SubscribeTelemetryRequest, SubscribeTelemetryResponse, TelemetryBatch, WatchConfigRequest, WatchConfigResponse,
    stream_commands_response, subscribe_telemetry_response, watch_config_response,
};
use prost_types::{Struct, Timestamp, Value, value::Kind};
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::server::{Shared, State};

type Answers<T> = BoxStream<'static, Result<T, Status>>;

pub async fn answer(
    state: Shared,
    method: &str,
    key: &str,
    request: hyper::Request<Incoming>,
) -> hyper::Response<Body> {
    let device_id = state.lock().unwrap().devices.get(key).copied().unwrap_or(1);
    match method {
        "StreamTelemetry" => {
            let mut call = Grpc::new(ProstCodec::default()).apply_max_message_size_config(Some(64 << 20), None);
            call.streaming(Handler(state, acknowledgements), request).await
        }
        "StreamCommands" => Grpc::new(ProstCodec::default()).streaming(Handler(state, commands), request).await,
        "WatchConfig" => Grpc::new(ProstCodec::default()).server_streaming(Handler(state, configs), request).await,
        "SubscribeTelemetry" => {
            Grpc::new(ProstCodec::default()).server_streaming(Handler(state, events), request).await
        }
        "GetLatestTelemetry" => Grpc::new(ProstCodec::default()).unary(Handler(state, latest), request).await,
        "RotateApiKey" => Grpc::new(ProstCodec::default()).unary(Handler(state, rotate), request).await,
        "RegisterDevice" => Grpc::new(ProstCodec::default()).unary(Handler(state, register), request).await,
        "SendHeartbeat" => {
            let heartbeat = move |_, _: SendHeartbeatRequest| SendHeartbeatResponse { device_id, ..Default::default() };
            Grpc::new(ProstCodec::default()).unary(Handler(state, heartbeat), request).await
        }
        _ => Status::unimplemented("The tests do not need this call.").into_http(),
    }
}

fn acknowledgements(state: Shared, batches: Streaming<TelemetryBatch>) -> Answers<StreamTelemetryResponse> {
    let answers = unfold((state, batches), |(state, mut batches)| async {
        loop {
            let batch = batches.message().await.ok().flatten()?;
            let (answer, is_silent) = {
                let mut state = state.lock().unwrap();
                let answer = if state.page.is_some() { Err(broken()) } else { store(&mut state, batch) };
                (answer, state.is_silent)
            };
            if !is_silent {
                return Some((answer, (state, batches)));
            }
        }
    });
    answers.boxed()
}

fn broken() -> Status {
    Status::unavailable("Something is in between.")
}

fn store(state: &mut State, batch: TelemetryBatch) -> Result<StreamTelemetryResponse, Status> {
    if batch.columns.iter().any(|column| Some(column.measurement.as_str()) == state.poison) {
        return Err(Status::invalid_argument("The batch has poison."));
    }
    let committed_sequence = batch.sequence;
    state.batches.push(batch);
    Ok(StreamTelemetryResponse { committed_sequence, ..Default::default() })
}

/// One command.
fn commands(_: Shared, _: Streaming<StreamCommandsRequest>) -> Answers<StreamCommandsResponse> {
    let event = stream_commands_response::Event::Command(Command { id: 1, ..Default::default() });
    endless(StreamCommandsResponse { event: Some(event) })
}

/// One configuration.
fn configs(_: Shared, _: WatchConfigRequest) -> Answers<WatchConfigResponse> {
    let config = DesiredConfig { desired: Some(Struct::default()), desired_version: 1, ..Default::default() };
    endless(WatchConfigResponse { event: Some(watch_config_response::Event::Config(config)) })
}

/// One event without readings.
fn events(_: Shared, _: SubscribeTelemetryRequest) -> Answers<SubscribeTelemetryResponse> {
    let event = subscribe_telemetry_response::Event::Heartbeat(StreamHeartbeat::default());
    endless(SubscribeTelemetryResponse { event: Some(event) })
}

/// One answer of a stream that goes on.
fn endless<T: Send + 'static>(answer: T) -> Answers<T> {
    stream::iter([Ok(answer)]).chain(stream::pending()).boxed()
}

/// The last values of the last batch.
fn latest(state: Shared, _: GetLatestTelemetryRequest) -> GetLatestTelemetryResponse {
    let mut state = state.lock().unwrap();
    if let Some(text) = state.latest.take() {
        let value = Value { kind: Some(Kind::StringValue(text)) };
        let latest_data = Some(Struct { fields: [("log".to_owned(), value)].into() });
        return GetLatestTelemetryResponse { latest_data, ..Default::default() };
    }
    let batch = state.batches.last().unwrap();
    GetLatestTelemetryResponse {
        latest_data: Some(Struct { fields: batch.columns.iter().filter_map(last).collect() }),
        timestamp: batch.timestamps.last().map(|time| Timestamp { seconds: time / 1000, nanos: 0 }),
        ..Default::default()
    }
}

fn last(column: &Column) -> Option<(String, Value)> {
    let number = column.doubles.last().map(|value| Kind::NumberValue(*value));
    let text = column.strings.last().map(|value| Kind::StringValue(value.clone()));
    Some((column.measurement.clone(), Value { kind: Some(number.or(text)?) }))
}

fn rotate(state: Shared, _: RotateApiKeyRequest) -> RotateApiKeyResponse {
    let api_key = "the-next-key".to_owned();
    state.lock().unwrap().key = Some(api_key.clone());
    RotateApiKeyResponse { api_key, ..Default::default() }
}

fn register(_: Shared, request: RegisterDeviceRequest) -> RegisterDeviceResponse {
    let device = Device { id: 7, name: request.name, api_key: Some("the-first-key".to_owned()), ..Default::default() };
    RegisterDeviceResponse { device: Some(device), ..Default::default() }
}

/// A call that a function answers.
struct Handler<F>(Shared, F);

impl<F, Asked, Answer> tower_service::Service<Request<Asked>> for Handler<F>
where
    F: FnMut(Shared, Asked) -> Answer,
{
    type Response = Response<Answer>;
    type Error = Status;
    type Future = Ready<Result<Response<Answer>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        ready(Ok(Response::new((self.1)(Arc::clone(&self.0), request.into_inner()))))
    }
}
