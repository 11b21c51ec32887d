//! What the testee writes.

use std::io::Write;

use iotflow::{Error, status_word};
use serde_json::{Value, json};

/// Writes one JSON object in each line. A clone writes to the same output.
#[derive(Clone)]
pub struct Output;

impl Output {
    pub fn write(&self, message: &Value) {
        let mut out = std::io::stdout().lock();
        // The runner has ended where this fails.
        let _ = writeln!(out, "{message}").and_then(|()| out.flush());
    }

    pub fn event(&self, name: &str, mut facts: Value) {
        facts["event"] = name.into();
        self.write(&facts);
    }
}

pub fn error_fields(error: &Error) -> Value {
    json!({
        "code": status_word(error.code), "reason": error.reason, "message": error.message, "field": error.field,
        "retryable": error.retryable, "retry_after": error.retry_after.map(|wait| wait.as_secs_f64()),
        "request_id": error.request_id,
    })
}
