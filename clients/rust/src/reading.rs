//! Calls that read stored readings.

use futures_util::StreamExt;
use futures_util::stream::{self, try_unfold};

use crate::client::Client;
use crate::column::Columns;
use crate::error::{Error, Result};
use crate::items::Items;
use crate::json;
use crate::pages::pages;
use crate::queries::{AggregateQuery, Point, RangeQuery, ReadQuery, Window, split};
use crate::time::{from_timestamp, word};
use crate::v1;

impl Client {
    /// The newest value of each measurement, and the newest of their times. Without fields, all measurements are returned.
    pub async fn latest(&self, device_id: i32, fields: &[&str]) -> Result<Point> {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        let request = v1::GetLatestTelemetryRequest { device_id, fields };
        let answer = self.telemetry().get_latest_telemetry(request).await?.into_inner();
        let time = answer.timestamp.map(|time| from_timestamp(Some(time)));
        Ok(Point { time, values: answer.latest_data.map(json::object).unwrap_or_default() })
    }

    /// Readings, oldest first. The next page is asked for when the former one is read.
    pub fn range(&self, query: RangeQuery) -> Items<Point> {
        let points = self.range_pages(query).flat_map(|page| {
            let (points, error) = page.map_or_else(|error| (Vec::new(), Some(error)), |points| (points, None));
            stream::iter(points.into_iter().map(Ok).chain(error.map(Err)))
        });
        Items::new(points)
    }

    /// The same readings, page by page.
    pub fn range_pages(&self, query: RangeQuery) -> Items<Vec<Point>> {
        let request = v1::GetTelemetryRangeRequest {
            device_id: query.device_id,
            start_time: word(query.span.start),
            end_time: word(query.span.end),
            fields: query.fields,
            page_size: query.page_size,
            ..Default::default()
        };
        let telemetry = self.telemetry();
        let answers = pages(request, move |request| {
            let mut telemetry = telemetry.clone();
            async move { telemetry.get_telemetry_range(request).await }
        });
        Items::new(answers.map(|answer| {
            let points = split(answer?.data)?.into_iter();
            Ok(points.map(|(time, values)| Point { time: Some(time), values }).collect())
        }))
    }

    /// Aggregates over windows of time, oldest first.
    pub async fn aggregate(&self, query: AggregateQuery) -> Result<Vec<Window>> {
        let request = v1::AggregateTelemetryRequest {
            device_id: query.device_id,
            window: query.window,
            start_time: word(query.span.start),
            end_time: word(query.span.end),
            aggregation: query.functions,
            fields: query.fields,
            fill: query.fill,
            ..Default::default()
        };
        let answer = self.telemetry().aggregate_telemetry(request).await?.into_inner();
        Ok(split(answer.data)?.into_iter().map(|(start, values)| Window { start, values }).collect())
    }

    /// Readings as columns, device by device, in the order of time. A connection that breaks ends them with an error, never
    /// silently.
    pub fn read(&self, query: ReadQuery) -> Items<Columns> {
        let request = v1::ReadTelemetryRequest {
            device_ids: query.device_ids,
            fields: query.fields,
            start_time: word(query.span.start),
            end_time: word(query.span.end),
            newest_first: query.newest_first,
        };
        Items::new(try_unfold(Reading::New(self.clone(), request), Reading::next))
    }
}

/// A stream of columns before and after its call.
enum Reading {
    New(Client, v1::ReadTelemetryRequest),
    Begun(tonic::Streaming<v1::ReadTelemetryResponse>),
}

impl Reading {
    async fn next(self) -> Result<Option<(Columns, Self)>> {
        let mut answers = match self {
            Self::New(client, request) => client.telemetry().read_telemetry(request).await?.into_inner(),
            Self::Begun(answers) => answers,
        };
        let answer = answers.message().await.map_err(Error::from)?;
        Ok(answer.map(|answer| (answer.batch.unwrap_or_default().into(), Self::Begun(answers))))
    }
}
