//! The error of every call.

use std::fmt;
use std::time::Duration;

use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::details;

pub use tonic::Code;

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// Reasons of errors that the client itself makes. Those of the server are in the contract.
pub mod reason {
    /// The queue is full, and its policy is [`Policy::Refuse`](crate::Policy::Refuse).
    pub const QUEUE_FULL: &str = "QUEUE_FULL";
    /// Another writer has the folder of the queue.
    pub const QUEUE_IN_USE: &str = "QUEUE_IN_USE";
    /// The folder of the queue has batches of another device than that of the key.
    pub const QUEUE_OF_ANOTHER_DEVICE: &str = "QUEUE_OF_ANOTHER_DEVICE";
    /// An answer has more than 64 MiB.
    pub const ANSWER_TOO_LARGE: &str = "ANSWER_TOO_LARGE";
}

const KEY_REPLACED: &str = "KEY_REPLACED";

/// The only sign of tonic that it rejected an answer itself.
const ANSWER_TOO_LARGE: &str = "Error, decoded message length too large";

/// What went wrong, by the word of the server or of this client.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The gRPC status.
    pub code: Code,
    /// A word for programs, such as `WRONG_KEY`. It is empty where the status is all there is.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The invalid field of the request, or empty.
    pub field: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The server's wish how long to wait before a retry.
    pub retry_after: Option<Duration>,
    /// The call in the server's log, or empty.
    pub request_id: String,
}

impl Error {
    /// An error with nothing but a status and a message. It is retryable where the status is transient.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: String::new(),
            message: message.into(),
            field: String::new(),
            retryable: is_transient(code),
            retry_after: None,
            request_id: String::new(),
        }
    }

    /// The error of an argument that cannot be sent.
    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), ..Self::new(Code::InvalidArgument, message) }
    }

    /// The server ended a stream that has no end.
    pub(crate) fn stream_ended() -> Self {
        Self::new(Code::Unavailable, "The server ended the stream.")
    }

    /// A deadline of the caller passed.
    pub(crate) fn deadline() -> Self {
        Self::new(Code::DeadlineExceeded, "The deadline passed.")
    }

    /// The error as one of a stream. An answer that the service did not give is a break of the connection.
    pub(crate) fn of_stream(self) -> Self {
        let codes = [Code::Unauthenticated, Code::PermissionDenied, Code::Unimplemented];
        if !self.reason.is_empty() || !codes.contains(&self.code) {
            return self;
        }
        let message = format!(
            "{} ({}, which is not the service's.) Check whether a proxy, or the login page of a network, answers in its place.",
            self.message,
            status_word(self.code)
        );
        Self { code: Code::Unavailable, retryable: true, message, ..self }
    }

    /// Whether a new key may help.
    pub(crate) fn wants_credential(&self) -> bool {
        self.code == Code::Unauthenticated || self.code == Code::PermissionDenied && self.reason == KEY_REPLACED
    }

    /// Whether a stream that ended with the error is opened again. An answer that is too large tells nothing about what was
    /// sent, and a new stream begins with less on the way.
    pub(crate) fn is_interruption(&self) -> bool {
        self.retryable || self.reason == reason::ANSWER_TOO_LARGE
    }

    /// Whether a stream may have ended because of a batch.
    pub(crate) fn blames_batch(&self) -> bool {
        let codes = [Code::InvalidArgument, Code::OutOfRange, Code::ResourceExhausted];
        !self.is_interruption() && codes.contains(&self.code)
    }

    /// The error with another sentence in its message.
    pub(crate) fn with(mut self, sentence: &str) -> Self {
        self.message = format!("{} {sentence}", self.message);
        self
    }

    /// The server's word, or the status.
    pub(crate) fn word(&self) -> &str {
        if self.reason.is_empty() { status_word(self.code) } else { &self.reason }
    }

    /// Adds what only the first metadata of a stream tell.
    pub(crate) fn complete(&mut self, first: &MetadataMap) {
        if self.request_id.is_empty() {
            let retry_after = self.retry_after;
            self.read_metadata(first);
            self.retry_after = retry_after.or(self.retry_after);
        }
    }

    /// Reads what the metadata of an answer tell.
    pub(crate) fn read_metadata(&mut self, metadata: &MetadataMap) {
        let text = |name: &str| metadata.get(name).and_then(|value| value.to_str().ok());
        if let Some(id) = text("x-request-id") {
            self.request_id = id.to_owned();
        }
        if let Some(pause) = text("retry-after").and_then(seconds) {
            self.retry_after = Some(pause);
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.word())
    }
}

impl std::error::Error for Error {}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let message = if status.message().is_empty() { status.code().description() } else { status.message() };
        let mut error = Self::new(status.code(), message);
        error.read_metadata(status.metadata());
        details::read(&mut error, status.details());
        if error.code == Code::OutOfRange && error.message.starts_with(ANSWER_TOO_LARGE) {
            error.code = Code::ResourceExhausted;
            error.reason = reason::ANSWER_TOO_LARGE.to_owned();
        }
        error
    }
}

/// A number of seconds. The header may also contain a date, which is ignored.
fn seconds(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // The number may be larger than any type.
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

/// Whether a status without the server's details comes from the connection or a proxy.
fn is_transient(code: Code) -> bool {
    use Code::{Aborted, Cancelled, DeadlineExceeded, Internal, Unavailable, Unknown};
    matches!(code, Unavailable | Internal | Unknown | Cancelled | Aborted | DeadlineExceeded)
}

/// The name of a status as the gRPC specification writes it, such as `INVALID_ARGUMENT`.
pub fn status_word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
