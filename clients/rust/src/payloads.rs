//! Batches on their way from the queue into a stream.

use bytes::Bytes;
use tokio::time::sleep;
use tracing::warn;

use crate::batching::DISK_RETRY;
use crate::entry::Entry;
use crate::policy::DropReason;
use crate::segment;
use crate::shared::Shared;

impl Shared {
    /// The next batch; none when the writer ends the stream.
    pub async fn next_payload(&self) -> Option<Bytes> {
        loop {
            let entry = tokio::select! {
                biased;
                () = self.ending() => return None,
                entry = self.queue.next() => entry,
            };
            if let Some(payload) = self.payload(entry).await {
                return Some(payload);
            }
        }
    }

    /// The bytes of a batch; none where they are damaged, so that the batch is given up.
    async fn payload(&self, entry: Entry) -> Option<Bytes> {
        loop {
            let wanted = entry.clone();
            let error = match self.queue.run(move |queue| queue.read(wanted)).await {
                Ok(payload) => return Some(payload),
                Err(error) => error,
            };
            warn!(sequence = entry.sequence, %error, "queue_read_failed");
            if segment::is_damage(&error) {
                self.queue
                    .run({
                        let entry = entry.clone();
                        move |queue| queue.give_up_damaged(&entry)
                    })
                    .await;
                self.dropped(entry.rows, DropReason::Damaged);
                return None;
            }
            // For example, the process has too many open files. Nothing is lost by that.
            sleep(DISK_RETRY).await;
        }
    }
}
