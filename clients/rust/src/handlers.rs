//! Calls of what the application gave. A panic of it is logged, and has no other effect: the tasks that call it must go on
//! sending and reading.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tracing::error;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::policy::DropReason;

/// Calls a handler, which has the name of what took it.
pub fn contain(name: &'static str, handler: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(handler)) {
        log(name, &text(&*panic));
    }
}

/// The result of a handler, or the text of its panic.
pub async fn outcome<T>(handler: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(handler).catch_unwind().await.map_err(|panic| text(&*panic))
}

pub fn log(name: &'static str, error: &str) {
    error!(handler = name, error, "handler_failed");
}

/// What a panic says.
pub fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a text").to_owned()
}

/// The metrics of the application, or none.
pub fn contained(metrics: Option<Arc<dyn Metrics>>) -> Arc<dyn Metrics> {
    match metrics {
        Some(metrics) => Arc::new(Contained(metrics)),
        None => Arc::new(()),
    }
}

/// Contains the methods of the application's.
struct Contained(Arc<dyn Metrics>);

impl Contained {
    fn contain(&self, method: impl FnOnce(&dyn Metrics)) {
        contain("metrics", || method(&*self.0));
    }
}

impl Metrics for Contained {
    fn row_added(&self) {
        self.contain(|metrics| metrics.row_added());
    }

    fn rows_acknowledged(&self, rows: usize) {
        self.contain(|metrics| metrics.rows_acknowledged(rows));
    }

    fn values_rejected(&self, count: usize, reason: &str) {
        self.contain(|metrics| metrics.values_rejected(count, reason));
    }

    fn rows_dropped(&self, rows: usize, reason: DropReason) {
        self.contain(|metrics| metrics.rows_dropped(rows, reason));
    }

    fn interrupted(&self, error: &Error, pause: Duration) {
        self.contain(|metrics| metrics.interrupted(error, pause));
    }

    fn queued(&self, rows: usize, bytes: u64) {
        self.contain(|metrics| metrics.queued(rows, bytes));
    }
}
