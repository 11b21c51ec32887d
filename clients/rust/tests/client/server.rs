//! A server that keeps batches in memory. It does what the tests need; the conformance tests use the real one.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, StreamExt, unfold};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use iotflow::v1::{
    Column, GetLatestTelemetryRequest, GetLatestTelemetryResponse, RotateApiKeyRequest, RotateApiKeyResponse,
    StreamTelemetryResponse, TelemetryBatch,
};
use prost_types::{Struct, Timestamp, Value, value::Kind};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

/// A running server. It ends with the value.
pub struct Server {
    pub target: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
pub struct State {
    pub batches: Vec<TelemetryBatch>,
    /// The key that calls need.
    pub key: Option<String>,
    /// A measurement that ends a stream.
    pub poison: Option<&'static str>,
}

type Shared = Arc<Mutex<State>>;

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let state = Shared::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { target, state, serving }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The sequences of the batches that were stored.
    pub fn sequences(&self) -> Vec<i64> {
        self.state().batches.iter().map(|batch| batch.sequence).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, state: Shared) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = service_fn(move |request| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(answer(state, request).await) }
        });
        tokio::spawn(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(state: Shared, request: hyper::Request<Incoming>) -> hyper::Response<Body> {
    let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    if state.lock().unwrap().key.is_some() && state.lock().unwrap().key != key {
        return Status::unauthenticated("The key is wrong.").into_http();
    }
    match request.uri().path().rsplit('/').next() {
        Some("StreamTelemetry") => {
            Grpc::new(ProstCodec::default()).streaming(Handler(state, acknowledgements), request).await
        }
        Some("GetLatestTelemetry") => Grpc::new(ProstCodec::default()).unary(Handler(state, latest), request).await,
        Some("RotateApiKey") => Grpc::new(ProstCodec::default()).unary(Handler(state, rotate), request).await,
        _ => Status::unimplemented("The tests do not need this call.").into_http(),
    }
}

fn acknowledgements(
    state: Shared,
    batches: Streaming<TelemetryBatch>,
) -> BoxStream<'static, Result<StreamTelemetryResponse, Status>> {
    let answers = unfold((state, batches), |(state, mut batches)| async {
        let batch = batches.message().await.ok().flatten()?;
        let answer = store(&mut state.lock().unwrap(), batch);
        Some((answer, (state, batches)))
    });
    answers.boxed()
}

fn store(state: &mut State, batch: TelemetryBatch) -> Result<StreamTelemetryResponse, Status> {
    if batch.columns.iter().any(|column| Some(column.measurement.as_str()) == state.poison) {
        return Err(Status::invalid_argument("The batch has poison."));
    }
    let committed_sequence = batch.sequence;
    state.batches.push(batch);
    Ok(StreamTelemetryResponse { committed_sequence, ..Default::default() })
}

/// The last doubles of the last batch.
fn latest(state: Shared, _: GetLatestTelemetryRequest) -> GetLatestTelemetryResponse {
    let state = state.lock().unwrap();
    let batch = state.batches.last().unwrap();
    let number = |value: &f64| Value { kind: Some(Kind::NumberValue(*value)) };
    let last = |column: &Column| Some((column.measurement.clone(), number(column.doubles.last()?)));
    GetLatestTelemetryResponse {
        latest_data: Some(Struct { fields: batch.columns.iter().filter_map(last).collect() }),
        timestamp: batch.timestamps.last().map(|time| Timestamp { seconds: time / 1000, nanos: 0 }),
        ..Default::default()
    }
}

fn rotate(state: Shared, _: RotateApiKeyRequest) -> RotateApiKeyResponse {
    let api_key = "the next key".to_owned();
    state.lock().unwrap().key = Some(api_key.clone());
    RotateApiKeyResponse { api_key, ..Default::default() }
}

/// A call that a function answers.
struct Handler<Asked, Answer>(Shared, fn(Shared, Asked) -> Answer);

impl<Asked, Answer> tower_service::Service<Request<Asked>> for Handler<Asked, Answer> {
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
