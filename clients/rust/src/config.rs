//! What a device shall be configured to.

use std::time::SystemTime;

use tonic::{Response, Status, Streaming};

use crate::client::Client;
use crate::error::Result;
use crate::following::{Source, follow};
use crate::items::Items;
use crate::json::{self, Object};
use crate::time::from_timestamp;
use crate::v1::watch_config_response::Event;
use crate::v1::{WatchConfigRequest, WatchConfigResponse};

/// A version of what a device shall be configured to.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredConfig {
    /// Rises with each change.
    pub version: i32,
    /// The configuration.
    pub desired: Object,
    /// The time of the change.
    pub changed_at: SystemTime,
}

impl Client {
    /// The present desired configuration and each later one, each version once. It connects again after failures, and ends
    /// with an error that no retry mends.
    pub fn watch_config(&self) -> Items<DesiredConfig> {
        follow(self.clone(), Watching { newest: 0 })
    }
}

struct Watching {
    newest: i32,
}

impl Source for Watching {
    type Answer = WatchConfigResponse;
    type Item = DesiredConfig;

    const NAME: &'static str = "config";

    async fn open(&mut self, client: &Client) -> std::result::Result<Response<Streaming<Self::Answer>>, Status> {
        client.device().watch_config(WatchConfigRequest {}).await
    }

    fn take(&mut self, answer: WatchConfigResponse) -> Result<Option<DesiredConfig>> {
        let Some(Event::Config(config)) = answer.event else {
            return Ok(None);
        };
        if config.desired.is_none() || config.desired_version == self.newest {
            return Ok(None);
        }
        self.newest = config.desired_version;
        Ok(Some(DesiredConfig {
            version: config.desired_version,
            desired: config.desired.map(json::object).unwrap_or_default(),
            changed_at: from_timestamp(config.changed_at),
        }))
    }
}
