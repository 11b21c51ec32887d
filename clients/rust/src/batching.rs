//! From rows to batches in the queue.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::batch::{Batch, NewRow};
use crate::entry::AppendError;
use crate::error::Result;
use crate::policy::{DropReason, Policy};
use crate::shared::Shared;
use crate::storing::Stored;

/// The pause after an error of the disk while callers wait.
pub const DISK_RETRY: Duration = Duration::from_secs(1);

/// The open batch, and what is between it and the queue.
#[derive(Default)]
pub struct Batching {
    pub open: Batch,
    pub opened: Option<Instant>,
    sampled: u64,
    /// Batches that wait for the server's time.
    pub early: VecDeque<Batch>,
    pub early_bytes: u64,
    /// A batch that a thread writes to the disk. It goes on where the caller is dropped.
    pub storing: Option<JoinHandle<(Batch, Origin, Stored)>>,
}

/// Where a batch goes back to when it is not stored.
#[derive(Clone, Copy)]
pub enum Origin {
    Open,
    Early,
}

impl Shared {
    /// Adds a row to the open batch, which ends before it where the row does not fit, and after it where it is full.
    pub async fn add(&self, batching: &mut Batching, row: &NewRow<'_>) -> Result<()> {
        if row.values.iter().all(|(_, value)| value.is_missing()) {
            return Ok(());
        }
        if batching.open.rows() > 0 && !self.has_room(&batching.open, row) {
            self.seal(batching).await?;
            if batching.open.rows() > 0 {
                self.dropped(1, DropReason::QueueFull);
                return Ok(());
            }
        }
        if self.leaves_out(batching) {
            self.dropped(1, DropReason::QueueFull);
            return Ok(());
        }
        let is_first = batching.open.rows() == 0;
        batching.open.add(row);
        self.open_rows.fetch_add(1, Ordering::Relaxed);
        self.client.metrics.row_added();
        if is_first {
            batching.opened = Some(Instant::now());
            self.begun.notify_one();
        }
        if batching.open.rows() >= self.config.batch_rows || batching.open.size >= self.config.batch_bytes {
            return self.seal(batching).await;
        }
        Ok(())
    }

    fn has_room(&self, open: &Batch, row: &NewRow<'_>) -> bool {
        open.rows() < self.config.batch_rows
            && open.accepts(row)
            && open.size + open.growth(row) <= self.config.batch_bytes
    }

    /// Whether the policy `sample` leaves out the next row.
    fn leaves_out(&self, batching: &mut Batching) -> bool {
        if self.config.policy != Policy::Sample {
            return false;
        }
        batching.sampled += 1;
        let stride = self.config.policy.stride(self.queue.content().1, self.config.queue_limit);
        !batching.sampled.is_multiple_of(stride)
    }

    /// Moves the open batch into the queue. While the queue is full, the policy decides: the batch may stay open, which is an
    /// error with the policy `refuse`, or be dropped.
    pub async fn seal(&self, batching: &mut Batching) -> Result<()> {
        while let Err(failure) = self.append(batching).await {
            match (self.config.policy, &failure) {
                (Policy::Wait, _) => self.wait_for_room(batching, &failure).await?,
                (Policy::Refuse, _) => return Err(failure.refusal()),
                (Policy::Sample, AppendError::Full) => return Ok(()),
                (Policy::DropOldest, _) if self.make_room(batching, &failure).await => {}
                _ => self.drop_open(batching, failure.reason()),
            }
        }
        Ok(())
    }

    /// Moves the open batch into the queue, and waits for room with every policy that drops nothing.
    pub async fn seal_for_flush(&self, batching: &mut Batching) -> Result<()> {
        self.wait_for_clock(batching).await?;
        while batching.open.rows() > 0 {
            match self.seal(batching).await {
                Err(error) if self.config.policy != Policy::Refuse => return Err(error),
                _ => {}
            }
            if batching.open.rows() > 0 {
                let fits = self.queue.fits(batching.open.size);
                let failure = if fits { AppendError::Disk(io::ErrorKind::Other.into()) } else { AppendError::Full };
                self.wait_for_room(batching, &failure).await?;
            }
        }
        Ok(())
    }

    /// Waits for room in the queue, or for another try of the disk.
    async fn wait_for_room(&self, batching: &mut Batching, failure: &AppendError) -> Result<()> {
        match failure {
            AppendError::Full if batching.early.is_empty() => {
                self.while_running(self.queue.wait_for_room(batching.open.size)).await
            }
            AppendError::Full => self.wait_for_clock(batching).await,
            AppendError::Disk(_) => self.while_running(sleep(DISK_RETRY)).await,
        }
    }

    /// Drops the oldest batches. An error of the disk other than a lack of space is no reason to drop them.
    async fn make_room(&self, batching: &Batching, failure: &AppendError) -> bool {
        if !failure.lacks_space() {
            return false;
        }
        let (length, whole_segment) = (batching.open.size, matches!(failure, AppendError::Disk(_)));
        let rows = self.queue.run(move |queue| queue.drop_oldest(length, whole_segment)).await;
        if rows > 0 {
            self.dropped(rows, failure.reason());
        }
        rows > 0
    }

    fn drop_open(&self, batching: &mut Batching, reason: DropReason) {
        let rows = std::mem::take(&mut batching.open).rows();
        self.open_rows.fetch_sub(rows, Ordering::Relaxed);
        self.dropped(rows, reason);
    }
}
