//! What the application learns, and what is counted.

use std::io;
use std::time::Duration;

use tracing::warn;

use crate::error::{Error, status_word};
use crate::handlers::contain;
use crate::policy::{DropReason, Dropped};
use crate::shared::Shared;
use crate::v1::Rejection;

impl Shared {
    /// Tells the application why a stream has failed, and the pause before the next one.
    pub fn interrupted(&self, error: &Error, pause: Duration) {
        self.status.lock().unwrap().interruptions += 1;
        *self.failure.lock().unwrap() = Some(error.clone());
        let code = status_word(error.code);
        warn!(code, reason = error.reason, error = error.message, ?pause, "stream_interrupted");
        self.client.metrics.interrupted(error, pause);
        if let Some(handler) = &self.config.on_interrupted {
            contain("on_interrupted", || handler(error, pause));
        }
    }

    /// Tells the application what the server did not store.
    pub fn rejected(&self, rejection: Rejection) {
        let Rejection { sequence, index, count, measurement, reason, .. } = &rejection;
        let values = usize::try_from(*count).unwrap_or_default();
        self.status.lock().unwrap().rejected_values += values;
        warn!(sequence, index, count, measurement, reason, "rows_rejected");
        self.client.metrics.values_rejected(values, reason);
        if let Some(handler) = &self.config.on_rejected {
            contain("on_rejected", || handler(rejection));
        }
    }

    /// Records the error of the disk, or that it has taken a batch. The error is logged when it begins, and not with each
    /// attempt: callers may wait for its end without limit.
    pub fn note_disk(&self, error: Option<&io::Error>) {
        let failure = error.map(io::Error::to_string);
        let before = std::mem::replace(&mut *self.disk_failure.lock().unwrap(), failure);
        if let (Some(error), None) = (error, before) {
            warn!(%error, "disk_failed");
        }
    }

    /// Counts rows that are lost, and tells the application.
    pub fn dropped(&self, rows: usize, reason: DropReason) {
        self.status.lock().unwrap().dropped_rows += rows;
        warn!(rows, reason = reason.word(), "rows_dropped");
        self.client.metrics.rows_dropped(rows, reason);
        if let Some(handler) = &self.config.on_dropped {
            contain("on_dropped", || handler(Dropped { rows, reason }));
        }
    }
}
