//! The google.rpc details of an error.

use std::collections::HashMap;
use std::time::Duration;

use prost::Message;
use prost_types::Any;

use crate::error::Error;

const OWN_DOMAIN: &str = "iotflow";

/// google.rpc.Status, of which only the details are read.
#[derive(Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// google.rpc.ErrorInfo.
#[derive(Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(map = "string, string", tag = "3")]
    metadata: HashMap<String, String>,
}

/// google.rpc.BadRequest.
#[derive(Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

#[derive(Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
}

/// google.rpc.RetryInfo.
#[derive(Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

/// Adds what the details tell to the error. Details that cannot be decoded are left out.
pub fn read(error: &mut Error, encoded: &[u8]) {
    for detail in RpcStatus::decode(encoded).unwrap_or_default().details {
        let value = detail.value.as_slice();
        match detail.type_url.rsplit('/').next() {
            Some("google.rpc.ErrorInfo") => read_info(error, ErrorInfo::decode(value).unwrap_or_default()),
            Some("google.rpc.BadRequest") => read_request(error, BadRequest::decode(value).unwrap_or_default()),
            Some("google.rpc.RetryInfo") => read_retry(error, RetryInfo::decode(value).unwrap_or_default()),
            _ => {}
        }
    }
}

fn read_info(error: &mut Error, mut info: ErrorInfo) {
    error.reason = info.reason;
    if let Some(field) = info.metadata.remove("field").filter(|field| !field.is_empty()) {
        error.field = field;
    }
    if info.domain == OWN_DOMAIN {
        error.retryable = info.metadata.get("retryable").is_some_and(|word| word == "true");
    }
}

fn read_request(error: &mut Error, request: BadRequest) {
    if let (true, Some(first)) = (error.field.is_empty(), request.field_violations.into_iter().next()) {
        error.field = first.field;
    }
}

/// A negative pause is none. The conversion of prost overflows for some.
fn read_retry(error: &mut Error, retry: RetryInfo) {
    error.retry_after = retry.retry_delay.and_then(|delay| {
        let nanos = u32::try_from(delay.nanos).unwrap_or_default().min(999_999_999);
        Some(Duration::new(u64::try_from(delay.seconds).ok()?, nanos))
    });
}
