//! Numbers for the application.

use std::time::Duration;

use crate::error::Error;
use crate::policy::DropReason;

/// Receives the numbers of writers and streams, for example to export them to Prometheus. Methods are called concurrently,
/// and must return soon. Each does nothing unless it is implemented. A panic is logged as `handler_failed`, and has no other effect.
pub trait Metrics: Send + Sync {
    /// A writer took a row.
    fn row_added(&self) {}
    /// The server has processed rows.
    fn rows_acknowledged(&self, _rows: usize) {}
    /// The server rejected rows or values.
    fn values_rejected(&self, _count: usize, _reason: &str) {}
    /// A queue lost rows.
    fn rows_dropped(&self, _rows: usize, _reason: DropReason) {}
    /// A stream failed; the next attempt follows after the pause.
    fn interrupted(&self, _error: &Error, _pause: Duration) {}
    /// The size of a writer's queue changed.
    fn queued(&self, _rows: usize, _bytes: u64) {}
}

/// Receives nothing.
impl Metrics for () {}
