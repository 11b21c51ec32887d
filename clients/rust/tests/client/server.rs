//! A server that keeps batches in memory. It does what the tests need; the conformance tests use the real one.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use iotflow::v1::TelemetryBatch;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::body::Body;

use crate::{service, statuses};

/// A running server. It ends with the value.
pub struct Server {
    pub target: String,
    state: Shared,
    serving: JoinHandle<()>,
}

#[derive(Default)]
pub struct State {
    pub batches: Vec<TelemetryBatch>,
    /// The key that calls need.
    pub key: Option<String>,
    /// The devices of keys. Others are of the device 1.
    pub devices: HashMap<&'static str, i32>,
    /// A measurement that ends a stream.
    pub poison: Option<&'static str>,
    /// The value of the last reading, in place of that of the last batch.
    pub latest: Option<String>,
    /// The status of HTTP with which something else answers in place of the service.
    pub page: Option<u16>,
    /// The answer of every call.
    pub status: Option<Status>,
    /// Whether batches are stored without an acknowledgement.
    pub is_silent: bool,
    /// The name and the key of every call that reached the service.
    pub calls: Vec<(String, String)>,
}

pub type Shared = Arc<Mutex<State>>;

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

    /// The number of calls of a method.
    pub fn calls(&self, method: &str) -> usize {
        self.state().calls.iter().filter(|(name, _)| name == method).count()
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
    let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    {
        let mut state = state.lock().unwrap();
        if let Some(status) = state.page {
            let page = Body::new("<html>Log in to the network.</html>".to_owned());
            return hyper::Response::builder().status(status).header("content-type", "text/html").body(page).unwrap();
        }
        state.calls.push((method.clone(), key.clone()));
        if let Some(status) = &state.status {
            return status.clone().into_http();
        }
        if state.key.as_ref().is_some_and(|right| *right != key) {
            return statuses::wrong_key().into_http();
        }
    }
    service::answer(state, &method, &key, request).await
}
