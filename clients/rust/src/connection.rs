//! The connection of a client, which is made anew after a failure.

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2::SendRequest;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tonic::Status;
use tonic::body::Body;

use crate::client::Config;
use crate::credentials::Credentials;
use crate::tls::Tls;
use crate::transport;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One connection at a time. Only the callers decide about pauses between attempts.
pub struct Connection {
    target: String,
    tls: Option<Tls>,
    pub credentials: Credentials,
    current: Mutex<Option<SendRequest<Body>>>,
}

impl Connection {
    pub fn new(target: String, config: &Config) -> Arc<Self> {
        Arc::new(Self {
            target,
            tls: config.tls.clone(),
            credentials: Credentials::new(config),
            current: Mutex::new(None),
        })
    }

    /// The connection of the next call.
    pub async fn open(&self) -> Result<SendRequest<Body>, Status> {
        let mut current = self.current.lock().await;
        if let Some(open) = current.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(open.clone());
        }
        *current = None;
        let dialed = timeout(CONNECT_TIMEOUT, transport::dial(&self.target, self.tls.as_ref())).await;
        let message = match dialed {
            Ok(Ok(sender)) => return Ok(current.insert(sender).clone()),
            Ok(Err(message)) => message,
            Err(_) => format!("The server {} did not answer within {CONNECT_TIMEOUT:?}.", self.target),
        };
        Err(Status::unavailable(message))
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
