//! From rows to batches in the queue.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::batch::{Batch, NewRow};
use crate::error::{Code, Error, Result, reason};
use crate::policy::{DropReason, Policy};
use crate::queue::AppendError;
use crate::writer::Shared;

/// The pause after an error of the disk while callers wait.
pub const DISK_RETRY: Duration = Duration::from_secs(1);

/// The open batch, and what is between it and the queue.
#[derive(Default)]
pub struct Batching {
    pub open: Batch,
    opened: Option<Instant>,
    sampled: u64,
    /// Batches that wait for the server's time.
    pub early: VecDeque<Batch>,
    pub early_bytes: u64,
    /// A batch that a thread writes to the disk. It goes on where the caller is dropped.
    storing: Option<JoinHandle<(Batch, Origin, Stored)>>,
}

/// Where a batch goes back to when it is not stored.
#[derive(Clone, Copy)]
pub enum Origin {
    Open,
    Early,
}

pub type Stored = std::result::Result<(), AppendError>;

impl AppendError {
    fn reason(&self) -> DropReason {
        match self {
            Self::Full => DropReason::QueueFull,
            Self::Disk(_) => DropReason::DiskFull,
        }
    }

    fn refusal(&self) -> Error {
        let message = match self {
            Self::Full => "The queue is full. Add the rows again later.".to_owned(),
            Self::Disk(error) => format!("The disk did not take the batch: {error}. Add the rows again later."),
        };
        let reason = reason::QUEUE_FULL.to_owned();
        Error { reason, retryable: true, ..Error::new(Code::ResourceExhausted, message) }
    }

    /// Whether the queue or the disk has no space, so that dropping batches helps.
    fn lacks_space(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Disk(error) => matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded),
        }
    }
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
    async fn seal(&self, batching: &mut Batching) -> Result<()> {
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

    /// Stores the open batch in the queue, or with those that wait for the server's time.
    async fn append(&self, batching: &mut Batching) -> Stored {
        if batching.open.rows() == 0 {
            return Ok(());
        }
        if (batching.open.relative || !batching.early.is_empty()) && self.keep_early(batching)? {
            return Ok(());
        }
        let open = std::mem::take(&mut batching.open);
        self.store(batching, open, Origin::Open).await
    }

    /// Stores a batch in the queue. Where that fails, it goes back.
    pub async fn store(&self, batching: &mut Batching, mut batch: Batch, origin: Origin) -> Stored {
        let rows = batch.rows();
        if self.queue.is_on_disk() {
            let queue = Arc::clone(&self.queue);
            batching.storing = Some(tokio::task::spawn_blocking(move || {
                let stored = queue.append(rows, |sequence| batch.encode(sequence));
                (batch, origin, stored)
            }));
            return self.settle(batching).await;
        }
        let stored = self.queue.append(rows, |sequence| batch.encode(sequence));
        self.finish(batching, batch, origin, stored)
    }

    /// Waits for the batch that a thread writes.
    pub async fn settle(&self, batching: &mut Batching) -> Stored {
        let Some(storing) = &mut batching.storing else {
            return Ok(());
        };
        let finished = storing.await;
        batching.storing = None;
        match finished {
            Ok((batch, origin, stored)) => self.finish(batching, batch, origin, stored),
            Err(error) => Err(AppendError::Disk(io::Error::other(error))),
        }
    }

    fn finish(&self, batching: &mut Batching, batch: Batch, origin: Origin, stored: Stored) -> Stored {
        if stored.is_err() {
            batching.restore(batch, origin);
            return stored;
        }
        self.open_rows.fetch_sub(batch.rows(), Ordering::Relaxed);
        self.report_queue();
        stored
    }

    pub fn report_queue(&self) {
        let (rows, bytes) = self.queue.content();
        self.client.metrics.queued(rows, bytes);
    }

    /// Moves the open batch into a queue on disk before a close without acknowledgements.
    pub async fn keep_open(&self) {
        if !self.queue.is_on_disk() {
            return;
        }
        // The writer has ended, so no caller holds the batch for long.
        let mut batching = self.batching.lock().await;
        let _ = self.settle(&mut batching).await;
        if !batching.open.relative {
            // A batch that the disk does not take is reported by the error of the close.
            let _ = self.append(&mut batching).await;
        }
    }

    /// Ends batches at their age.
    pub async fn seal_aged(self: Arc<Self>) {
        loop {
            let running = async {
                self.begun.notified().await;
                self.seal_at_age().await;
            };
            tokio::select! {
                biased;
                () = self.ending() => return,
                () = running => {}
            }
        }
    }

    /// Ends the open batch at its age, until there is none.
    async fn seal_at_age(&self) {
        loop {
            let Ok(mut batching) = self.enter().await else {
                return;
            };
            let age = batching.opened.map_or(Duration::ZERO, |opened| opened.elapsed());
            let mut rest = self.config.batch_age.saturating_sub(age);
            if batching.open.rows() > 0 && rest.is_zero() {
                // Where the queue is full, the batch is tried again later.
                let _ = self.seal(&mut batching).await;
                rest = self.config.batch_age.max(Duration::from_millis(1));
            }
            if batching.open.rows() == 0 {
                return;
            }
            drop(batching);
            sleep(rest).await;
        }
    }
}

impl Batching {
    /// Puts a batch back that was not stored.
    fn restore(&mut self, batch: Batch, origin: Origin) {
        match origin {
            Origin::Open => self.open = batch,
            Origin::Early => {
                self.early_bytes += batch.size as u64;
                self.early.push_front(batch);
            }
        }
    }
}
