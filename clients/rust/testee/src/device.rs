//! Acts as a device.

use std::sync::Arc;

use iotflow::v1::fleet_service_client::FleetServiceClient;
use iotflow::v1::{Command, ListDevicesRequest, RegisterDeviceRequest};
use iotflow::{Error, Object};
use serde_json::{Value, json};

use crate::fields::{Result, text};
use crate::testee::Testee;

impl Testee {
    pub async fn register(&self, request: &Value) -> Result<Value> {
        let request = RegisterDeviceRequest {
            name: text(request, "name").unwrap_or_default(),
            device_type: text(request, "device_type").unwrap_or_default(),
            ..RegisterDeviceRequest::default()
        };
        let device = self.client()?.register(request).await?;
        Ok(json!({"device_id": device.id, "api_key": device.api_key}))
    }

    pub async fn heartbeat(&self, request: &Value) -> Result<Value> {
        let answer = self.client()?.heartbeat(&text(request, "status").unwrap_or_default()).await?;
        let time = answer.timestamp.unwrap_or_default();
        Ok(json!({"timestamp": time.seconds * 1000 + i64::from(time.nanos / 1_000_000), "status": answer.status}))
    }

    pub fn watch_config(self: &Arc<Self>) -> Result<Value> {
        let (output, mut versions) = (self.output.clone(), self.client()?.watch_config());
        tokio::spawn(async move {
            while let Some(version) = versions.next().await {
                match version {
                    Ok(config) => output.event("config", json!({"version": config.version, "desired": config.desired})),
                    Err(error) => eprintln!("config ended: {error}"),
                }
            }
        });
        Ok(json!({}))
    }

    pub async fn report_config(&self, request: &Value) -> Result<Value> {
        self.client()?.report_config(object(&request["configuration"])).await?;
        Ok(json!({}))
    }

    pub fn handle_commands(self: &Arc<Self>, request: &Value) -> Result<Value> {
        let (testee, client) = (Arc::clone(self), self.client()?);
        let outcome = text(request, "outcome").unwrap_or_default();
        tokio::spawn(async move {
            let error = client.handle_commands(|command| testee.execute(&outcome, command)).await;
            eprintln!("commands ended: {error}");
        });
        Ok(json!({}))
    }

    async fn execute(&self, outcome: &str, command: Command) -> std::result::Result<Object, &'static str> {
        let parameters = command.parameters.map(iotflow::object).unwrap_or_default();
        let facts = json!({"command_id": command.id, "name": command.name, "parameters": parameters});
        self.output.event("command", facts);
        match outcome {
            "fail" => Err("the handler fails as the request says"),
            "hang" => std::future::pending().await,
            "throw" => panic!("The handler throws."),
            "large" => {
                let characters = parameters["characters"].as_u64().unwrap_or_default() as usize;
                Ok(object(&json!({"text": "x".repeat(characters)})))
            }
            "number" => Ok(object(&json!({"number": 1_u64 << 60}))),
            _ => Ok(parameters),
        }
    }

    pub async fn rotate(&self) -> Result<Value> {
        let mut rotated = String::new();
        let save = |api_key: String| {
            rotated = api_key;
            async { Ok::<_, Error>(()) }
        };
        self.client()?.rotate_key(save).await?;
        Ok(json!({"api_key": rotated}))
    }

    pub async fn list_devices(&self, request: &Value) -> Result<Value> {
        let fleet = FleetServiceClient::new(self.client()?.channel());
        let page_size = request["page_size"].as_i64().map(|size| size as i32);
        let first = ListDevicesRequest { page_size, ..ListDevicesRequest::default() };
        let mut answers = iotflow::pages(first, move |request| {
            let mut fleet = fleet.clone();
            async move { fleet.list_devices(request).await }
        });
        let (mut count, mut pages) = (0, 0);
        while let Some(page) = answers.next().await {
            pages += 1;
            count += page?.devices.len();
        }
        Ok(json!({"count": count, "pages": pages}))
    }
}

fn object(value: &Value) -> Object {
    value.as_object().cloned().unwrap_or_default()
}
