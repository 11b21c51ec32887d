//! Rows that were added before the server's time was known.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::backoff::Backoff;
use crate::batching::{Batching, DISK_RETRY, Origin};
use crate::entry::AppendError;
use crate::error::{Error, Result};
use crate::shared::Shared;

/// Bounds one attempt to take the server's time.
const SYNCHRONIZE_TIMEOUT: Duration = Duration::from_secs(15);

impl Shared {
    fn clock_offset(&self) -> Option<i64> {
        self.client.clock.offset().map(|offset| offset.as_millis() as i64)
    }

    /// Keeps the open batch until the server's time is known, or returns false where it is. Together such batches are bounded
    /// by the limit of the queue.
    pub fn keep_early(&self, batching: &mut Batching) -> std::result::Result<bool, AppendError> {
        if let Some(offset) = self.clock_offset().filter(|_| batching.early.is_empty()) {
            batching.open.shift(offset);
            return Ok(false);
        }
        let bytes = batching.early_bytes + batching.open.size as u64;
        if bytes > self.config.queue_limit {
            return Err(AppendError::Full);
        }
        batching.early_bytes = bytes;
        batching.early.push_back(std::mem::take(&mut batching.open));
        Ok(true)
    }

    /// Waits until the batches that wait for the server's time are in the queue.
    pub async fn wait_for_clock(&self, batching: &mut Batching) -> Result<()> {
        if batching.early.is_empty() && !batching.open.relative {
            return Ok(());
        }
        self.while_running(self.client.clock.known()).await?;
        self.while_running(self.release_early(batching)).await
    }

    /// Gives the waiting batches their times and moves them into the queue.
    async fn release_early(&self, batching: &mut Batching) {
        let offset = self.clock_offset().unwrap_or_default();
        batching.open.shift(offset);
        while let Some(mut first) = batching.early.pop_front() {
            batching.early_bytes -= first.size as u64;
            first.shift(offset);
            if self.store(batching, first, Origin::Early).await.is_err() {
                sleep(DISK_RETRY).await;
            }
        }
    }

    /// Takes the server's time, and then moves the rows that waited for it into the queue.
    pub async fn synchronize(self: Arc<Self>) {
        tokio::select! {
            biased;
            () = self.ending() => {}
            () = self.take_time() => {}
        }
    }

    async fn take_time(&self) {
        let mut pauses = Backoff::default();
        loop {
            let answer = timeout(SYNCHRONIZE_TIMEOUT, self.client.synchronize_clock()).await;
            let Err(error) = answer.unwrap_or_else(|_| Err(Error::deadline())) else {
                break;
            };
            sleep(pauses.next(error.retry_after)).await;
        }
        if let Ok(mut batching) = self.enter().await {
            self.release_early(&mut batching).await;
        }
    }
}
