//! Reads stored readings.

use std::sync::Arc;

use iotflow::{
    AggregateQuery, Columns, Error, Event, Items, RangeQuery, ReadQuery, Span, SubscribeQuery, Value as Measured,
    Values,
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::fields::{Result, device_id, device_ids, milliseconds, text, texts, time};
use crate::testee::{Testee, report_interruption};

fn span(request: &Value) -> Span {
    Span { start: time(request, "start"), end: time(request, "end") }
}

impl Testee {
    pub async fn latest(&self, request: &Value) -> Result<Value> {
        let latest = self.client()?.latest(device_id(request), &[]).await?;
        Ok(json!({"values": latest.values, "timestamp": latest.time.map(milliseconds)}))
    }

    pub async fn range(&self, request: &Value) -> Result<Value> {
        let mut pages = self.client()?.range_pages(RangeQuery {
            device_id: device_id(request),
            span: span(request),
            page_size: request["page_size"].as_i64().map(|size| size as i32),
            ..RangeQuery::default()
        });
        let (mut count, mut times) = (0, Vec::new());
        while let Some(page) = pages.next().await {
            count += 1;
            times.extend(page?.into_iter().filter_map(|point| point.time.map(milliseconds)));
        }
        Ok(json!({"rows": times.len(), "pages": count, "first": times.first(), "last": times.last()}))
    }

    pub async fn aggregate(&self, request: &Value) -> Result<Value> {
        let query = AggregateQuery {
            device_id: device_id(request),
            span: span(request),
            window: text(request, "window").unwrap_or_default(),
            functions: texts(request, "aggregation"),
            fields: texts(request, "fields"),
            ..AggregateQuery::default()
        };
        let windows = self.client()?.aggregate(query).await?.into_iter().map(|window| {
            let mut form = Value::Object(window.values);
            form["timestamp"] = milliseconds(window.start).into();
            form
        });
        Ok(json!({"windows": windows.collect::<Vec<_>>()}))
    }

    pub async fn read(&self, request: &Value) -> Result<Value> {
        let query = ReadQuery { device_ids: device_ids(request), span: span(request), ..ReadQuery::default() };
        let mut answers = self.client()?.read(query);
        let (mut rows, mut batches, mut sum) = (0, 0, 0.0);
        while let Some(columns) = answers.next().await {
            let columns = columns?;
            batches += 1;
            rows += columns.times.len();
            sum += doubles(&columns).sum::<f64>();
        }
        Ok(json!({"rows": rows, "sum": sum, "batches": batches}))
    }

    pub async fn subscribe(self: &Arc<Self>, request: &Value) -> Result<Value> {
        let query = SubscribeQuery {
            device_ids: device_ids(request),
            since: time(request, "since"),
            ..SubscribeQuery::default()
        };
        let events = self.client()?.subscribe(query);
        let (accepted, acceptance) = oneshot::channel();
        let following = tokio::spawn(Arc::clone(self).follow(events, accepted));
        *self.subscription.lock().unwrap() = Some(following.abort_handle());
        acceptance.await.unwrap_or(Ok(())).map(|()| json!({}))
    }

    /// Reports events. The first acceptance, or the error before it, goes to the request.
    async fn follow(
        self: Arc<Self>,
        mut events: Items<Event>,
        accepted: oneshot::Sender<std::result::Result<(), Error>>,
    ) {
        let mut accepted = Some(accepted);
        let mut accept = |result| accepted.take().map(|accepted| accepted.send(result));
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Subscribed(_)) => {
                    accept(Ok(()));
                }
                Ok(Event::Readings(columns)) => self.report_readings(&columns),
                Ok(Event::Missed(count)) => self.output.event("missed", json!({"count": count})),
                Ok(Event::Interrupted { error, pause }) => report_interruption(&self.output, &error, pause),
                Ok(Event::Presence { .. }) => {}
                Err(error) => {
                    accept(Err(error));
                }
            }
        }
    }

    fn report_readings(&self, columns: &Columns) {
        for (row, time) in columns.times.iter().enumerate() {
            let mut values = serde_json::Map::new();
            for column in &columns.columns {
                if let Some(value) = column.value(row) {
                    values.insert(column.measurement.clone(), form(value));
                }
            }
            let device_id = columns.device_ids.get(row).unwrap_or(&columns.device_id);
            self.output.event("reading", json!({"device_id": device_id, "timestamp": time, "values": values}));
        }
    }

    pub fn unsubscribe(&self) -> Value {
        if let Some(subscription) = self.subscription.lock().unwrap().take() {
            subscription.abort();
        }
        json!({})
    }
}

fn doubles(columns: &Columns) -> impl Iterator<Item = f64> {
    columns.columns.iter().flat_map(|column| match &column.values {
        Values::Doubles(values) => values
            .iter()
            .enumerate()
            .map(|(row, value)| match column.value(row) {
                Some(_) => *value,
                None => 0.0,
            })
            .collect(),
        _ => Vec::new(),
    })
}

fn form(value: Measured<'_>) -> Value {
    match value {
        Measured::Double(value) => value.into(),
        Measured::Float(value) => value.into(),
        Measured::Int64(value) => value.into(),
        Measured::Int32(value) => value.into(),
        Measured::Bool(value) => value.into(),
        Measured::Text(value) => value.into(),
    }
}
