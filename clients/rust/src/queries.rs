//! Questions about stored readings, and their answers.

use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::json::{self, Object};
use crate::time;

/// A range of time. It includes its start and excludes its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// None: the server decides, by the kind of the question.
    pub start: Option<SystemTime>,
    /// None: now.
    pub end: Option<SystemTime>,
}

impl Span {
    /// From one time to another.
    pub fn between(start: SystemTime, end: SystemTime) -> Self {
        Self { start: Some(start), end: Some(end) }
    }
}

/// Asks for readings of one device.
#[derive(Clone, Debug, Default)]
pub struct RangeQuery {
    /// The device. 0: the device of the key.
    pub device_id: i32,
    /// The times of the readings.
    pub span: Span,
    /// Measurements. Empty: all.
    pub fields: Vec<String>,
    /// The number of readings in a page. None: 1000.
    pub page_size: Option<i32>,
}

/// Asks for aggregates of one device.
#[derive(Clone, Debug, Default)]
pub struct AggregateQuery {
    /// The device. 0: the device of the key.
    pub device_id: i32,
    /// The times of the readings.
    pub span: Span,
    /// A duration such as `5m` or `1h`. Empty: `1h`.
    pub window: String,
    /// Words of [`aggregation`](crate::words::aggregation). Empty: avg.
    pub functions: Vec<String>,
    /// Measurements. Empty: all to which the functions apply.
    pub fields: Vec<String>,
    /// The value of windows without readings, a word of [`fill`](crate::words::fill). Empty: such windows are left out.
    pub fill: String,
}

/// Asks for readings of many devices as columns.
#[derive(Clone, Debug, Default)]
pub struct ReadQuery {
    /// The devices. Empty: all that the caller may read.
    pub device_ids: Vec<i32>,
    /// Measurements. Empty: all.
    pub fields: Vec<String>,
    /// The times of the readings.
    pub span: Span,
    /// Each device's newest reading comes first.
    pub newest_first: bool,
}

/// The values of one device at one time. Whole numbers beyond 2^53 are strings.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// None: the device has no readings.
    pub time: Option<SystemTime>,
    /// Values by measurement.
    pub values: Object,
}

/// The aggregates of one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The first time of the window.
    pub start: SystemTime,
    /// Objects `{function: value}` by measurement.
    pub values: Object,
}

/// Splits objects `{timestamp, <measurement>: value …}`.
pub fn split(data: Vec<prost_types::Struct>) -> Result<Vec<(SystemTime, Object)>> {
    data.into_iter()
        .map(|object| {
            let mut values = json::object(object);
            let time = values.remove("timestamp").as_ref().and_then(time::parse);
            let time = time.ok_or_else(|| Error::invalid("timestamp", "A reading of the answer has no valid time."))?;
            Ok((time, values))
        })
        .collect()
}
