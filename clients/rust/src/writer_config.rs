//! What a writer is configured with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::ClockSource;
use crate::error::Error;
use crate::policy::{Dropped, Policy};
use crate::v1::Rejection;

type Handler<T> = Option<Arc<dyn Fn(T) + Send + Sync>>;

type InterruptionHandler = Arc<dyn Fn(&Error, Duration) + Send + Sync>;

/// Configures a [`Writer`](crate::Writer). The default keeps the queue in memory.
///
/// The handlers are called by the tasks that add and send, so they must return soon. A panic of one is logged as
/// `handler_failed`, and has no other effect.
#[derive(Clone)]
pub struct WriterConfig {
    /// The folder of the queue, which then survives the process. None: memory. It belongs to one writer at a time, and to one
    /// device: with the key of another one the writer stops with the reason `QUEUE_OF_ANOTHER_DEVICE`, and keeps the batches.
    pub folder: Option<PathBuf>,
    /// The size of the queue in bytes; at first 64 MiB.
    pub queue_limit: u64,
    /// Decides when the queue is full.
    pub policy: Policy,
    /// A batch ends at this number of rows; at first 1,000.
    pub batch_rows: usize,
    /// A batch ends at this number of bytes; at first 256 KiB.
    pub batch_bytes: usize,
    /// A batch ends when its oldest row has this age; at first 1 s.
    pub batch_age: Duration,
    /// The largest number of batches on the way without acknowledgement; at first 64.
    pub window: usize,
    /// Gives rows without a time their time.
    pub clock: ClockSource,
    /// See [`WriterConfig::on_rejected`].
    pub on_rejected: Handler<Rejection>,
    /// See [`WriterConfig::on_dropped`].
    pub on_dropped: Handler<Dropped>,
    /// See [`WriterConfig::on_interrupted`].
    pub on_interrupted: Option<InterruptionHandler>,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            folder: None,
            queue_limit: 64 << 20,
            policy: Policy::Wait,
            batch_rows: 1000,
            batch_bytes: 256 << 10,
            batch_age: Duration::from_secs(1),
            window: 64,
            clock: ClockSource::Device,
            on_rejected: None,
            on_dropped: None,
            on_interrupted: None,
        }
    }
}

impl WriterConfig {
    /// Hands over what the server did not store. A whole batch that the server cannot take has an empty measurement and the
    /// number of its rows.
    #[must_use]
    pub fn on_rejected(mut self, handler: impl Fn(Rejection) + Send + Sync + 'static) -> Self {
        self.on_rejected = Some(Arc::new(handler));
        self
    }

    /// Hands over the number of rows that the queue lost.
    #[must_use]
    pub fn on_dropped(mut self, handler: impl Fn(Dropped) + Send + Sync + 'static) -> Self {
        self.on_dropped = Some(Arc::new(handler));
        self
    }

    /// Hands over the error of a stream, and the pause before the next attempt.
    #[must_use]
    pub fn on_interrupted(mut self, handler: impl Fn(&Error, Duration) + Send + Sync + 'static) -> Self {
        self.on_interrupted = Some(Arc::new(handler));
        self
    }

    /// Limits of 0 are no limits; they become 1. A batch fits into the queue.
    pub(crate) fn checked(mut self) -> Self {
        self.queue_limit = self.queue_limit.max(1);
        self.batch_rows = self.batch_rows.max(1);
        self.window = self.window.max(1);
        let limit = usize::try_from(self.queue_limit).unwrap_or(usize::MAX);
        self.batch_bytes = self.batch_bytes.clamp(1, limit);
        self
    }
}
