//! The connection of a client, which is made anew after a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::client::conn::http2::SendRequest;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;

use crate::client::Config;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::tls::Tls;
use crate::transport;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ADVICE: &str = "Check the host, the port, and whether the server expects TLS or a certificate of the client.";

/// One connection at a time. Only the callers decide about pauses between attempts.
pub struct Connection {
    target: String,
    tls: Option<Tls>,
    pub credentials: Credentials,
    current: Mutex<Current>,
    /// The number of attempts that failed.
    failures: AtomicU64,
}

#[derive(Default)]
struct Current {
    sender: Option<SendRequest<Body>>,
    /// Why the last attempt failed.
    failure: String,
}

impl Connection {
    pub fn new(target: String, config: &Config) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self {
            target,
            tls: config.tls.clone(),
            credentials: Credentials::new(config)?,
            current: Mutex::default(),
            failures: AtomicU64::new(0),
        }))
    }

    /// The connection of the next call. Callers that wait for one attempt share its failure.
    pub async fn open(&self) -> Result<SendRequest<Body>, Status> {
        let failures = self.failures.load(Ordering::Acquire);
        let mut current = self.current.lock().await;
        if let Some(open) = current.sender.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(open.clone());
        }
        current.sender = None;
        if self.failures.load(Ordering::Acquire) == failures {
            match self.dial().await {
                Ok(sender) => return Ok(current.sender.insert(sender).clone()),
                Err(message) => current.failure = message,
            }
            self.failures.fetch_add(1, Ordering::Release);
        }
        Err(self.unavailable(&current.failure))
    }

    async fn dial(&self) -> Result<SendRequest<Body>, String> {
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        let dialed = timeout_at(deadline, transport::dial(&self.target, self.tls.as_ref(), deadline)).await;
        dialed.unwrap_or_else(|_| Err(format!("the server did not answer within {CONNECT_TIMEOUT:?}")))
    }

    /// The status of a call whose connection could not be made, or broke.
    pub fn unavailable(&self, cause: &str) -> Status {
        Status::unavailable(format!(
            "The connection to {} failed: {}. {ADVICE}",
            self.target,
            cause.trim_end_matches('.')
        ))
    }

    /// The beginning of the address of every call.
    pub fn origin(&self) -> (&'static str, String) {
        let Some(tls) = &self.tls else {
            return ("http", self.target.clone());
        };
        let port = self.target.rsplit_once(':').map_or("443", |(_, port)| port);
        let authority = tls.server_name.as_ref().map_or_else(|| self.target.clone(), |name| format!("{name}:{port}"));
        ("https", authority)
    }
}
