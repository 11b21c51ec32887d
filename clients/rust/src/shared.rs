//! What the tasks of a writer share.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use tokio::sync::{MutexGuard, Notify, watch};
use tracing::error;

use crate::batch::RowTime;
use crate::batching::Batching;
use crate::client::Client;
use crate::clock::ClockSource;
use crate::error::{Code, Error, Result, status_word};
use crate::handlers;
use crate::queue::Queue;
use crate::time::milliseconds;
use crate::writer::Status;
use crate::writer_config::WriterConfig;

/// How far a writer is.
#[derive(Clone)]
pub enum Phase {
    Running,
    /// Everything is acknowledged, and the stream ends.
    Ending,
    /// Nothing goes on. Calls fail with the error.
    Ended(Error),
}

/// What the tasks of a writer share.
pub struct Shared {
    pub client: Client,
    pub config: WriterConfig,
    pub queue: Arc<Queue>,
    pub batching: tokio::sync::Mutex<Batching>,
    /// Rows that are not in the queue yet.
    pub open_rows: AtomicUsize,
    pub status: Mutex<Status>,
    /// The error of the last stream; none where something was acknowledged since.
    pub failure: Mutex<Option<Error>>,
    /// The error of the disk; none where it has taken a batch since.
    pub disk_failure: Mutex<Option<String>>,
    pub phase: watch::Sender<Phase>,
    /// A close has begun: no more rows are taken.
    pub is_closing: AtomicBool,
    /// A batch was begun.
    pub begun: Notify,
}

impl Shared {
    /// Waits for the open batch. It fails where the writer has failed or is closed.
    pub async fn enter(&self) -> Result<MutexGuard<'_, Batching>> {
        let mut batching = self.batching.lock().await;
        match &*self.phase.borrow() {
            Phase::Running => {}
            Phase::Ending => return Err(closed()),
            Phase::Ended(error) => return Err(error.clone()),
        }
        // A batch that was not stored is open again, and is stored with the next attempt.
        let _ = self.settle(&mut batching).await;
        Ok(batching)
    }

    /// The same for rows, of which a writer that closes takes no more.
    pub async fn enter_to_add(&self) -> Result<MutexGuard<'_, Batching>> {
        let batching = self.enter().await?;
        if self.is_closing.load(Ordering::Acquire) { Err(closed()) } else { Ok(batching) }
    }

    pub async fn flush(&self) -> Result<()> {
        let mut batching = self.enter().await?;
        self.seal_for_flush(&mut batching).await?;
        let last = self.queue.last();
        drop(batching);
        self.while_running(self.queue.wait_for_acknowledgement(last)).await
    }

    /// The error of a flush that takes too long.
    pub fn late(&self, deadline: Duration) -> Error {
        let late = Error::new(Code::DeadlineExceeded, format!("Not everything was acknowledged within {deadline:?}."));
        let disk = self
            .disk_failure
            .lock()
            .unwrap()
            .clone()
            .map(|error| format!("The disk does not take the queue: {error}."));
        let attempt = self.failure.lock().unwrap().clone().map(|error| format!("The last attempt failed: {error}"));
        [disk, attempt].into_iter().flatten().fold(late, |late, cause| late.with(&cause))
    }

    /// Waits for the result, or fails with the error that ends the writer.
    pub async fn while_running<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            result = work => Ok(result),
            error = self.ended() => Err(error),
        }
    }

    /// Waits until the writer ends its stream, or has ended.
    pub async fn ending(&self) {
        // The wait cannot fail: the sender is this writer.
        let _ = self.phase.subscribe().wait_for(|phase| !matches!(phase, Phase::Running)).await;
    }

    /// Waits until nothing goes on, and returns the reason.
    pub async fn ended(&self) -> Error {
        let mut phases = self.phase.subscribe();
        let ended = phases.wait_for(|phase| matches!(phase, Phase::Ended(_))).await;
        match ended.as_deref() {
            Ok(Phase::Ended(error)) => error.clone(),
            _ => closed(),
        }
    }

    /// Goes on to the next phase. An end is final.
    pub fn move_to(&self, next: Phase) {
        self.phase.send_if_modified(|phase| {
            let is_earlier = !matches!(phase, Phase::Ended(_));
            if is_earlier {
                *phase = next;
            }
            is_earlier
        });
    }

    /// The result of a part of the writer; none where it panicked, which is a defect of this client. That ends the writer:
    /// without the part it would do nothing, without a word.
    pub async fn guard<T>(self: Arc<Self>, part: impl Future<Output = T>) -> Option<T> {
        let result = AssertUnwindSafe(part).catch_unwind().await;
        result.map_err(|panic| self.fail(panicked(&handlers::text(&*panic)))).ok()
    }

    /// Stops the writer. The queue stays as it is.
    pub fn fail(&self, error: Error) {
        error!(code = status_word(error.code), reason = error.reason, error = error.message, "writer_stopped");
        self.move_to(Phase::Ended(error));
    }

    /// The time of a row in milliseconds.
    pub fn time(&self, given: Option<SystemTime>) -> RowTime {
        let now = match (given, self.config.clock) {
            (Some(time), _) => milliseconds(time),
            (None, ClockSource::Device) => milliseconds(SystemTime::now()),
            (None, ClockSource::Server) => {
                let elapsed = self.client.clock.elapsed();
                let offset = self.client.clock.offset();
                let milliseconds = (offset.unwrap_or_default() + elapsed).as_millis() as i64;
                return RowTime { milliseconds, relative: offset.is_none() };
            }
        };
        RowTime { milliseconds: now, relative: false }
    }
}

/// The error of calls after a panic.
fn panicked(text: &str) -> Error {
    Error { retryable: false, ..Error::new(Code::Internal, format!("The writer panicked: {text}.")) }
}

/// The error of calls after the end.
pub fn closed() -> Error {
    Error::new(Code::FailedPrecondition, "The writer is closed.")
}
