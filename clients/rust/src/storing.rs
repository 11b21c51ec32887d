//! From the open batch to the queue.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::batch::Batch;
use crate::batching::{Batching, Origin};
use crate::entry::AppendError;
use crate::queue_state::NewBatch;
use crate::shared::Shared;

/// Whether a batch is in the queue.
pub type Stored = std::result::Result<(), AppendError>;

impl Shared {
    /// Stores the open batch in the queue, or with those that wait for the server's time.
    pub async fn append(&self, batching: &mut Batching) -> Stored {
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
        let new = NewBatch { rows: batch.rows(), names_device: batch.names_device() };
        if self.queue.is_on_disk() {
            let queue = Arc::clone(&self.queue);
            batching.storing = Some(tokio::task::spawn_blocking(move || {
                let stored = queue.append(new, |sequence| batch.encode(sequence));
                (batch, origin, stored)
            }));
            return self.settle(batching).await;
        }
        let stored = self.queue.append(new, |sequence| batch.encode(sequence));
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
        match &stored {
            Ok(()) => self.note_disk(None),
            Err(AppendError::Disk(error)) => self.note_disk(Some(error)),
            Err(AppendError::Full) => {}
        }
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
