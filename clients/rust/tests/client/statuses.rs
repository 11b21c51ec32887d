//! Statuses with the details that the service gives.

use prost::Message;
use prost_types::{Any, Duration};
use tonic::{Code, Status};

/// google.rpc.Status.
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
}

/// google.rpc.RetryInfo.
#[derive(Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Duration>,
}

pub fn wrong_key() -> Status {
    let info = ErrorInfo { reason: "WRONG_KEY".to_owned(), domain: "iotflow".to_owned() };
    detailed(Code::Unauthenticated, "google.rpc.ErrorInfo", &info)
}

/// A status with a pause in its details.
pub fn unavailable_for(seconds: i64) -> Status {
    let info = RetryInfo { retry_delay: Some(Duration { seconds, nanos: 0 }) };
    detailed(Code::Unavailable, "google.rpc.RetryInfo", &info)
}

fn detailed(code: Code, name: &str, detail: &impl Message) -> Status {
    let any = Any { type_url: format!("type.googleapis.com/{name}"), value: detail.encode_to_vec() };
    Status::with_details(code, "The test says so.", RpcStatus { details: vec![any] }.encode_to_vec().into())
}
