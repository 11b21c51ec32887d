//! Fields of requests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use iotflow::{Code, Error};
use serde_json::Value;

pub type Result<T> = std::result::Result<T, Error>;

/// An error of the testee itself.
pub fn failure(code: Code, message: impl Into<String>) -> Error {
    Error {
        code,
        reason: String::new(),
        message: message.into(),
        field: String::new(),
        retryable: false,
        retry_after: None,
        request_id: String::new(),
    }
}

pub fn text(request: &Value, name: &str) -> Option<String> {
    request[name].as_str().map(str::to_owned)
}

pub fn whole(request: &Value, name: &str) -> i64 {
    request[name].as_i64().unwrap_or_default()
}

pub fn device_id(request: &Value) -> i32 {
    whole(request, "device_id") as i32
}

pub fn device_ids(request: &Value) -> Vec<i32> {
    list(request, "device_ids").iter().filter_map(Value::as_i64).map(|id| id as i32).collect()
}

pub fn list<'a>(request: &'a Value, name: &str) -> &'a [Value] {
    request[name].as_array().map_or(&[], Vec::as_slice)
}

pub fn texts(request: &Value, name: &str) -> Vec<String> {
    list(request, name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub fn duration(request: &Value, name: &str) -> Duration {
    Duration::from_millis(whole(request, name).unsigned_abs())
}

/// A time in milliseconds; none where it is absent.
pub fn time(request: &Value, name: &str) -> Option<SystemTime> {
    request[name].as_i64().map(at)
}

pub fn at(milliseconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds.unsigned_abs())
}

pub fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
