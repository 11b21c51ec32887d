//! Calls of a device.

use std::future::Future;

use prost_types::value::Kind;

use crate::client::Client;
use crate::error::Result;
use crate::json::{self, Object};
use crate::time::from_timestamp;
use crate::v1;

impl Client {
    /// Creates a device, and uses its key from then on. Keep the key: the server shows it only once. Where registration is
    /// not open to anyone, the client needs the token of a registrar or admin.
    pub async fn register(&self, device: v1::RegisterDeviceRequest) -> Result<v1::Device> {
        let answer = self.device().register_device(device).await?.into_inner();
        let device = answer.device.unwrap_or_default();
        if let Some(api_key) = &device.api_key {
            self.set_api_key(api_key)?;
        }
        Ok(device)
    }

    /// Reports a status such as [`presence::ONLINE`](crate::words::presence::ONLINE), and takes the server's time for
    /// [`Client::clock`].
    pub async fn heartbeat(&self, status: &str) -> Result<v1::SendHeartbeatResponse> {
        let status = prost_types::Value { kind: Some(Kind::StringValue(status.to_owned())) };
        let sent = self.clock.elapsed();
        let answer =
            self.device().send_heartbeat(v1::SendHeartbeatRequest { status: Some(status) }).await?.into_inner();
        self.clock.learn(from_timestamp(answer.timestamp), sent, self.clock.elapsed());
        Ok(answer)
    }

    /// Replaces the configuration that the device has reported.
    pub async fn report_config(&self, configuration: Object) -> Result<()> {
        let configuration = Some(json::message(configuration));
        let request = v1::UpdateDeviceConfigRequest { configuration, ..Default::default() };
        self.device().update_device_config(request).await?;
        Ok(())
    }

    /// Gets a new key, stores it with `save`, and then uses it. Where it fails, the old key stays in use and valid: call it
    /// again, which replaces a key that was not used.
    pub async fn rotate_key<Save, Saved, E>(&self, save: Save) -> std::result::Result<(), E>
    where
        Save: FnOnce(String) -> Saved,
        Saved: Future<Output = std::result::Result<(), E>>,
        E: From<crate::Error>,
    {
        let answer = self.device().rotate_api_key(v1::RotateApiKeyRequest {}).await;
        let api_key = answer.map_err(crate::Error::from)?.into_inner().api_key;
        save(api_key.clone()).await?;
        self.set_api_key(&api_key)?;
        Ok(())
    }
}
