//! The batches that are not acknowledged.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::entry::{AppendError, Content, Entry, record_size};
use crate::error::Result;
use crate::queue_files::{QueueFiles, unusable};
use crate::queue_owner::Ownership;
use crate::queue_scan;
use crate::queue_state::{NewBatch, State};

/// The entries in their order. Only one caller at a time may append. All other methods may be called concurrently.
pub struct Queue {
    pub disk: Option<QueueFiles>,
    pub limit: u64,
    state: Mutex<State>,
    pub changed: Notify,
}

impl Queue {
    /// A queue in memory.
    pub fn in_memory(limit: u64) -> Self {
        Self { disk: None, limit, state: Mutex::default(), changed: Notify::new() }
    }

    /// A queue in a folder, and the number of its segments of which a part was skipped.
    pub fn in_folder(folder: &Path, limit: u64) -> Result<(Self, usize)> {
        let disk = QueueFiles::open(folder, limit)?;
        let scanned = queue_scan::scan(&mut disk.files(), folder).map_err(|error| unusable(&error))?;
        let state = State {
            ownership: Ownership::of_folder(folder, scanned.last),
            bytes: scanned.entries.iter().map(Entry::size).sum(),
            rows: scanned.entries.iter().map(|entry| entry.rows).sum(),
            entries: scanned.entries.into(),
            last: scanned.last,
            ..State::default()
        };
        Ok((Self { disk: Some(disk), limit, state: Mutex::new(state), changed: Notify::new() }, scanned.damaged))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn is_on_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Stores a batch of the next sequence, which `encode` gets. Blocks where the queue is on disk.
    pub fn append(
        &self,
        NewBatch { rows, names_device }: NewBatch,
        encode: impl FnOnce(i64) -> Vec<u8>,
    ) -> std::result::Result<(), AppendError> {
        let sequence = self.last() + 1;
        let payload = encode(sequence);
        let length = payload.len();
        if !self.fits(length) {
            return Err(AppendError::Full);
        }
        let content = match &self.disk {
            None => Content::Memory(payload.into()),
            Some(disk) => Content::Disk(disk.write(sequence, &payload).map_err(AppendError::Disk)?),
        };
        let entry = Entry { sequence, rows, names_device, length, content };
        let mut state = self.state();
        state.bytes += entry.size();
        state.rows += rows;
        state.last = sequence;
        state.entries.push_back(entry);
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// The highest sequence.
    pub fn last(&self) -> i64 {
        self.state().last
    }

    /// Whether a batch of this length has room. An empty queue takes every batch.
    pub fn fits(&self, length: usize) -> bool {
        let state = self.state();
        state.entries.is_empty() || state.bytes + record_size(length) <= self.limit
    }

    /// Waits until a batch of this length fits.
    pub async fn wait_for_room(&self, length: usize) {
        self.wait(|| self.fits(length).then_some(())).await;
    }

    /// Waits until every batch up to the sequence is acknowledged or given up.
    pub async fn wait_for_acknowledgement(&self, sequence: i64) {
        let is_done = || self.state().entries.front().is_none_or(|first| first.sequence > sequence);
        self.wait(|| is_done().then_some(())).await;
    }

    pub async fn wait<T>(&self, ready: impl Fn() -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(result) = ready() {
                return result;
            }
            changed.await;
        }
    }

    /// Begins a stream: nothing is on the way, and one batch may be.
    pub fn rewind(&self) {
        let mut state = self.state();
        state.sent = 0;
        state.window = 1;
        state.ownership.is_unproven = self.is_on_disk();
    }

    /// Sets the number of batches that may be on the way.
    pub fn widen(&self, window: usize) {
        self.state().window = window;
        self.changed.notify_waiters();
    }

    /// Waits for a batch that may be sent, which is on the way from then on. One without a device waits until it is known
    /// whose it is.
    pub async fn next(&self) -> Entry {
        self.wait(|| {
            let mut state = self.state();
            let next = state.next().filter(|entry| !state.holds_back(entry)).cloned()?;
            state.sent += 1;
            Some(next)
        })
        .await
    }

    /// The bytes of a batch. Blocks where the queue is on disk.
    pub fn read(&self, entry: Entry) -> io::Result<Bytes> {
        match (entry.content, &self.disk) {
            (Content::Memory(payload), _) => Ok(payload),
            (Content::Disk(place), Some(disk)) => disk.read(place, entry.length).map(Bytes::from),
            (Content::Disk(_), None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The number of batches on the way, the first of them, and their highest sequence.
    pub fn on_the_way(&self) -> Option<(usize, Entry, i64)> {
        let state = self.state();
        let highest = state.entries.get(state.sent.checked_sub(1)?)?.sequence;
        Some((state.sent, state.entries.front()?.clone(), highest))
    }

    /// The number of rows on the way up to the sequence.
    pub fn rows_up_to(&self, sequence: i64) -> usize {
        let state = self.state();
        let sent = state.entries.iter().take(state.sent);
        sent.take_while(|entry| entry.sequence <= sequence).map(|entry| entry.rows).sum()
    }

    /// The number of rows and bytes in the queue.
    pub fn content(&self) -> (usize, u64) {
        let state = self.state();
        (state.rows, state.bytes)
    }

    /// Gives the folder to the next writer.
    pub fn close(&self) {
        if let Some(disk) = &self.disk {
            disk.close();
        }
    }

    /// Runs what may block where the queue is on disk.
    pub async fn run<T, F>(self: &Arc<Self>, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> T + Send + 'static,
    {
        if self.disk.is_none() {
            return work(self);
        }
        let queue = Arc::clone(self);
        match tokio::task::spawn_blocking(move || work(&queue)).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends, and this task with it.
            Err(_) => std::future::pending().await,
        }
    }
}
