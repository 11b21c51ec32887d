//! What stubs call through.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use http::{Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tonic::body::Body;
use tonic::{Code, Status};
use tower_service::Service;

use crate::connection::Connection;
use crate::key::Key;
use crate::transport;

/// Carries the calls of stubs, with the credentials of the client. Their errors become [`Error`](crate::Error) with `from`.
#[derive(Clone)]
pub struct Channel {
    connection: Arc<Connection>,
    /// None: each call has the key that is present when it begins.
    key: Option<Key>,
}

impl Channel {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, key: None }
    }

    /// The calls of a certain key.
    pub(crate) fn with_key(connection: Arc<Connection>, key: Key) -> Self {
        Self { connection, key: Some(key) }
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Answer>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let key = self.key.clone().unwrap_or_else(|| self.connection.credentials.key());
        Box::pin(call(Arc::clone(&self.connection), key, request))
    }
}

async fn call(connection: Arc<Connection>, key: Key, mut request: Request<Body>) -> Result<Response<Answer>, Status> {
    *request.uri_mut() = address(&connection, request.uri().path_and_query().cloned())?;
    request
        .headers_mut()
        .insert(USER_AGENT, HeaderValue::from_static(concat!("iotflow-rust/", env!("CARGO_PKG_VERSION"))));
    connection.credentials.attach(&key, request.headers_mut());
    let mut sender = connection.open().await?;
    let failed = |error: hyper::Error| connection.unavailable(&transport::innermost(&error));
    sender.ready().await.map_err(failed)?;
    let response = sender.send_request(request).await.map_err(failed)?;
    check(&response)?;
    Ok(response.map(Answer))
}

/// Checks that an answer is one of gRPC, and not a page: tonic would read the page as a message, or as an empty stream.
fn check(response: &Response<Incoming>) -> Result<(), Status> {
    let kind = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if kind.starts_with(b"application/grpc") {
        return Ok(());
    }
    let code = match response.status() {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        _ => Code::Unavailable,
    };
    let status = response.status().as_u16();
    Err(Status::new(code, format!("The answer is a page of HTTP with the status {status}, not one of gRPC.")))
}

fn address(connection: &Connection, path: Option<PathAndQuery>) -> Result<Uri, Status> {
    let (scheme, authority) = connection.origin();
    Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
        .map_err(|error| Status::invalid_argument(format!("The name of the server cannot be used: {error}.")))
}

/// The body of an answer. Its errors are those of a broken connection.
pub struct Answer(Incoming);

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.0).poll_frame(context).map_err(|error| broken(&error))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// The status of a call whose connection broke while its answer came.
fn broken(error: &hyper::Error) -> Status {
    Status::unavailable(format!("The connection broke: {}.", transport::innermost(error)))
}
