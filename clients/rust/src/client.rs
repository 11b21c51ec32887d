//! A connection to a server, and what it is configured with.

use std::future::Future;
use std::sync::Arc;

use crate::channel::Channel;
use crate::clock::ServerClock;
use crate::connection::Connection;
use crate::credentials::CredentialHandler;
use crate::error::{Error, Result};
use crate::handlers::contained;
use crate::metrics::Metrics;
use crate::target;
use crate::tls::Tls;
use crate::v1::device_service_client::DeviceServiceClient;
use crate::v1::telemetry_service_client::TelemetryServiceClient;

/// The version of this client, the same as the server's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Configures a [`Client`]. The default connects without TLS and without credentials.
#[derive(Clone, Default)]
pub struct Config {
    /// The key of a device.
    pub api_key: Option<String>,
    /// The token of a gateway, registrar, viewer or admin.
    pub token: Option<String>,
    /// Protects the connection. None: no TLS.
    pub tls: Option<Tls>,
    /// Receives numbers.
    pub metrics: Option<Arc<dyn Metrics>>,
    /// See [`Config::on_credential_wanted`].
    pub on_credential_wanted: Option<CredentialHandler>,
}

impl Config {
    /// The credentials of a device.
    pub fn with_api_key(api_key: impl Into<String>) -> Self {
        Self { api_key: Some(api_key.into()), ..Self::default() }
    }

    /// The credentials of a gateway, registrar, viewer or admin.
    pub fn with_token(token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..Self::default() }
    }

    /// Asks the handler for a new key after the server has rejected the present one, for example one that a person enters.
    /// It may take any time. None means that there is no new key; without a handler, calls fail with the error. So does a
    /// panic, which the error of the calls names. An answer of another form than a key ends the stream that asked with
    /// `INVALID_ARGUMENT`. While the server accepts none of its answers, there are pauses between the questions, as between
    /// attempts to connect.
    #[must_use]
    pub fn on_credential_wanted<F, Answer>(mut self, handler: F) -> Self
    where
        F: Fn(Error) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Option<String>> + Send + 'static,
    {
        self.on_credential_wanted = Some(Arc::new(move |rejected| Box::pin(handler(rejected))));
        self
    }
}

/// A connection to a server. It connects with the first call, and again after a failure. A clone shares the connection.
///
/// Calls need a Tokio runtime with its timer and its network.
#[derive(Clone)]
pub struct Client {
    pub(crate) connection: Arc<Connection>,
    pub(crate) metrics: Arc<dyn Metrics>,
    pub(crate) clock: Arc<ServerClock>,
}

impl Client {
    /// A client of the server at host:port, with an IPv6 address in brackets. A proxy that the environment names is not used.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` where the target, the key or the token has another form; a key has 1 to 128 printable ASCII
    /// characters, a token up to 4,096.
    pub fn new(target: impl Into<String>, config: Config) -> Result<Self> {
        let target = target.into();
        target::check(&target)?;
        Ok(Self {
            connection: Connection::new(target, &config)?,
            metrics: contained(config.metrics),
            clock: Arc::new(ServerClock::new()),
        })
    }

    /// Carries the calls of stubs of [`v1`](crate::v1), with the credentials of this client.
    pub fn channel(&self) -> Channel {
        Channel::new(Arc::clone(&self.connection))
    }

    /// Replaces the device's key; calls and streams from now on use it.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` where the key has another form. The former one stays.
    pub fn set_api_key(&self, api_key: &str) -> Result<()> {
        self.connection.credentials.set(api_key)
    }

    /// The clock that follows the server. It is set by [`Client::heartbeat`].
    pub fn clock(&self) -> &ServerClock {
        &self.clock
    }

    pub(crate) fn telemetry(&self) -> TelemetryServiceClient<Channel> {
        TelemetryServiceClient::new(self.channel())
    }

    pub(crate) fn device(&self) -> DeviceServiceClient<Channel> {
        DeviceServiceClient::new(self.channel())
    }
}
