//! The age of batches.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::shared::Shared;

impl Shared {
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
