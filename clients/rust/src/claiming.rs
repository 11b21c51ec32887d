//! Asks whose key it is, before batches without a device are sent with it.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use prost_types::value::Kind;
use tokio::time::timeout;

use crate::channel::Channel;
use crate::error::{Error, Result};
use crate::key::Key;
use crate::shared::Shared;
use crate::v1::SendHeartbeatRequest;
use crate::v1::device_service_client::DeviceServiceClient;
use crate::words::presence;

/// Bounds the question, whose answer a server may owe.
const TIMEOUT: Duration = Duration::from_secs(15);

impl Shared {
    /// Lets batches without a device out where the key is that of their device.
    pub async fn claim(&self, key: &Key) -> Result<()> {
        if !self.client.connection.credentials.is_device(key) {
            self.queue.admit();
            return Ok(());
        }
        let device_id = *key.device_id.get_or_try_init(|| self.ask(key)).await?;
        self.queue.run(move |queue| queue.claim(device_id)).await
    }

    /// The same once there is such a batch. It ends with an error only.
    pub async fn claim_later(&self, key: &Key) -> Error {
        self.queue.wait_for_held().await;
        match self.claim(key).await {
            Ok(()) => pending().await,
            Err(error) => error,
        }
    }

    /// The device of a key.
    async fn ask(&self, key: &Key) -> Result<i32> {
        let channel = Channel::with_key(Arc::clone(&self.client.connection), key.clone());
        let status = prost_types::Value { kind: Some(Kind::StringValue(presence::ONLINE.to_owned())) };
        let mut devices = DeviceServiceClient::new(channel);
        let answer = timeout(TIMEOUT, devices.send_heartbeat(SendHeartbeatRequest { status: Some(status) })).await;
        Ok(answer.map_err(|_| Error::deadline())??.into_inner().device_id)
    }
}
