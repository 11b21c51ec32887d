//! One connection and one writer at a time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use iotflow::{
    Client, ClockSource, Code, Config, Policy, Row, Tls, Value as Measured, Writer, WriterConfig, status_word,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use crate::fields::{Result, at, device_id, duration, failure, list, milliseconds, text, whole};
use crate::output::Output;
use crate::vectors;

pub struct Testee {
    pub output: Output,
    pub subscription: Mutex<Option<AbortHandle>>,
    client: Mutex<Option<Client>>,
    writer: Mutex<Option<Arc<Writer>>>,
    new_keys: UnboundedSender<Answer>,
    wanted_keys: Arc<tokio::sync::Mutex<UnboundedReceiver<Answer>>>,
}

/// A new key or none, or what the handler panics with.
type Answer = std::result::Result<Option<String>, String>;

impl Testee {
    pub fn new(output: Output) -> Self {
        let (new_keys, wanted_keys) = unbounded_channel();
        Self {
            output,
            subscription: Mutex::default(),
            client: Mutex::default(),
            writer: Mutex::default(),
            new_keys,
            wanted_keys: Arc::new(tokio::sync::Mutex::new(wanted_keys)),
        }
    }

    pub async fn handle(self: &Arc<Self>, request: &Value) -> Result<Value> {
        match request["do"].as_str().unwrap_or_default() {
            "hello" => Ok(json!({"language": "rust", "version": iotflow::VERSION, "skips": {}})),
            "connect" => self.connect(request),
            "new_key" => Ok(self.new_key(request)),
            "writer.open" => self.open_writer(request).await,
            "writer.add" => self.add(request).await,
            "writer.add_columns" => self.add_columns(request).await,
            "writer.flush" => done(self.writer()?.flush(duration(request, "deadline_ms")).await),
            "writer.close" => done(self.writer()?.close(duration(request, "deadline_ms")).await),
            "writer.status" => Ok(self.status(&*self.writer()?)),
            "latest" => self.latest(request).await,
            "range" => self.range(request).await,
            "aggregate" => self.aggregate(request).await,
            "read" => self.read(request).await,
            "subscribe" => self.subscribe(request).await,
            "unsubscribe" => Ok(self.unsubscribe()),
            "register" => self.register(request).await,
            "heartbeat" => self.heartbeat(request).await,
            "config.watch" => self.watch_config(),
            "config.report" => self.report_config(request).await,
            "commands.handle" => self.handle_commands(request),
            "rotate" => self.rotate().await,
            "devices.list" => self.list_devices(request).await,
            "encode" => vectors::encode(&request["batch"]),
            "decode" => vectors::decode(request),
            "clock.now" => self.clock_now().await,
            other => Err(failure(Code::Unimplemented, format!("There is no request {other}."))),
        }
    }

    fn connect(&self, request: &Value) -> Result<Value> {
        let (output, wanted_keys) = (self.output.clone(), Arc::clone(&self.wanted_keys));
        let mut config = Config::default().on_credential_wanted(move |rejected| {
            let wanted_keys = Arc::clone(&wanted_keys);
            output.event("credential_wanted", json!({"reason": rejected.reason}));
            async move {
                let answer = wanted_keys.lock().await.recv().await;
                answer.and_then(|answer| answer.unwrap_or_else(|fails| panic!("{fails}")))
            }
        });
        // The runner writes "" where there is none.
        let given = |name: &str| text(request, name).filter(|credential| !credential.is_empty());
        (config.api_key, config.token) = (given("api_key"), given("token"));
        let path = |name: &str| request["tls"][name].as_str().map(Into::into);
        config.tls = request["tls"].is_object().then(|| Tls {
            authority_file: path("ca"),
            certificate_file: path("certificate"),
            key_file: path("key"),
            server_name: None,
        });
        let client = Client::new(text(request, "target").unwrap_or_default(), config)?;
        *self.client.lock().unwrap() = Some(client);
        Ok(json!({}))
    }

    fn new_key(&self, request: &Value) -> Value {
        // The receiver is this testee.
        let _ = self.new_keys.send(text(request, "fails").map_or_else(|| Ok(text(request, "api_key")), Err));
        json!({})
    }

    pub fn client(&self) -> Result<Client> {
        let client = self.client.lock().unwrap().clone();
        client.ok_or_else(|| failure(Code::FailedPrecondition, "There is no connection. Connect first."))
    }

    fn writer(&self) -> Result<Arc<Writer>> {
        let writer = self.writer.lock().unwrap().clone();
        writer.ok_or_else(|| failure(Code::FailedPrecondition, "No writer is open."))
    }

    async fn open_writer(&self, request: &Value) -> Result<Value> {
        let (rejected, dropped, interrupted) = (self.output.clone(), self.output.clone(), self.output.clone());
        let throwing = request["throwing"] == true;
        let end = move || assert!(!throwing, "The handler throws.");
        let config = configured(request)
            .on_rejected(move |rejection| {
                let facts = json!({
                    "sequence": rejection.sequence, "index": rejection.index, "count": rejection.count,
                    "measurement": rejection.measurement, "reason": rejection.reason, "retryable": rejection.retryable,
                });
                rejected.event("rejected", facts);
                end();
            })
            .on_dropped(move |lost| {
                dropped.event("dropped", json!({"rows": lost.rows, "reason": lost.reason.word()}));
                end();
            })
            .on_interrupted(move |error, pause| {
                report_interruption(&interrupted, error, pause);
                end();
            });
        let writer = self.client()?.writer(config).await?;
        *self.writer.lock().unwrap() = Some(Arc::new(writer));
        Ok(json!({}))
    }

    async fn add(&self, request: &Value) -> Result<Value> {
        let writer = self.writer()?;
        let (count, step) = (whole(request, "count"), whole(request, "step"));
        let (start, first) = (request["start"].as_i64(), request["first"].as_f64().unwrap_or_default());
        let names: Vec<_> = list(request, "measurements").iter().filter_map(Value::as_str).collect();
        let mut values: Vec<(&str, Measured<'_>)> = names.iter().map(|name| (*name, Measured::Double(0.0))).collect();
        for number in 0..count {
            values.iter_mut().for_each(|(_, value)| *value = Measured::Double(first + number as f64));
            if start.is_none() && number > 0 {
                // The rows have the times of the clock.
                tokio::time::sleep(Duration::from_millis(step.unsigned_abs())).await;
            }
            let time = start.map(|start| at(start + number * step));
            writer.add(Row { device_id: device_id(request), time, values: &values }).await?;
        }
        Ok(json!({"added": count}))
    }

    async fn add_columns(&self, request: &Value) -> Result<Value> {
        let columns = vectors::columns(request)?;
        self.writer()?.add_columns(&columns).await?;
        Ok(json!({"added": columns.times.len()}))
    }

    fn status(&self, writer: &Writer) -> Value {
        let status = writer.status();
        json!({
            "queued_rows": status.queued_rows, "queued_bytes": status.queued_bytes,
            "acknowledged_rows": status.acknowledged_rows, "rejected": status.rejected_values,
            "dropped_rows": status.dropped_rows, "interruptions": status.interruptions,
        })
    }

    async fn clock_now(&self) -> Result<Value> {
        let client = self.client()?;
        if client.clock().now().is_none() {
            client.synchronize_clock().await?;
        }
        Ok(json!({"milliseconds": client.clock().now().map(milliseconds)}))
    }
}

pub fn report_interruption(output: &Output, error: &iotflow::Error, pause: Duration) {
    let facts = json!({
        "code": status_word(error.code), "reason": error.reason, "message": error.message,
        "delay_ms": pause.as_millis() as u64,
    });
    output.event("interrupted", facts);
}

fn done(result: Result<()>) -> Result<Value> {
    result.map(|()| json!({}))
}

/// The configuration of a writer. Fields that are absent have the client's defaults.
fn configured(request: &Value) -> WriterConfig {
    let defaults = WriterConfig::default();
    let size = |name: &str, default: usize| request[name].as_u64().map_or(default, |size| size as usize);
    WriterConfig {
        folder: request["folder"].as_str().map(Into::into),
        queue_limit: request["limit"].as_u64().unwrap_or(defaults.queue_limit),
        policy: policy(request["policy"].as_str().unwrap_or_default()),
        batch_rows: size("rows", defaults.batch_rows),
        batch_bytes: size("bytes", defaults.batch_bytes),
        batch_age: request["age_ms"].as_u64().map_or(defaults.batch_age, Duration::from_millis),
        window: size("window", defaults.window),
        clock: if request["clock"] == "server" { ClockSource::Server } else { ClockSource::Device },
        ..defaults
    }
}

fn policy(word: &str) -> Policy {
    match word {
        "refuse" => Policy::Refuse,
        "drop_oldest" => Policy::DropOldest,
        "drop_newest" => Policy::DropNewest,
        "sample" => Policy::Sample,
        _ => Policy::Wait,
    }
}
