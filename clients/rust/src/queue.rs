//! The batches that are not acknowledged.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::error::Result;
use crate::queue_files::{Place, QueueFiles, unusable};
use crate::queue_scan;
use crate::segment::RECORD_HEADER;

/// Where the bytes of a batch are.
#[derive(Clone)]
pub enum Content {
    Memory(Bytes),
    Disk(Place),
}

/// A batch in the queue.
#[derive(Clone)]
pub struct Entry {
    pub sequence: i64,
    pub rows: usize,
    pub length: usize,
    pub content: Content,
}

impl Entry {
    /// What the entry takes of the queue's limit.
    fn size(&self) -> u64 {
        record_size(self.length)
    }

    fn place(&self) -> Option<Place> {
        match self.content {
            Content::Memory(_) => None,
            Content::Disk(place) => Some(place),
        }
    }
}

fn record_size(length: usize) -> u64 {
    (RECORD_HEADER + length) as u64
}

/// Why a batch is not in the queue.
#[derive(Debug)]
pub enum AppendError {
    Full,
    Disk(io::Error),
}

/// The entries in their order. Only one caller at a time may append. All other methods may be called concurrently.
pub struct Queue {
    disk: Option<QueueFiles>,
    limit: u64,
    state: Mutex<State>,
    changed: Notify,
}

/// The first `sent` entries are on the way; `window` of them may be.
#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    sent: usize,
    window: usize,
    bytes: u64,
    rows: usize,
    last: i64,
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
            bytes: scanned.entries.iter().map(Entry::size).sum(),
            rows: scanned.entries.iter().map(|entry| entry.rows).sum(),
            entries: scanned.entries.into(),
            last: scanned.last,
            ..State::default()
        };
        Ok((Self { disk: Some(disk), limit, state: Mutex::new(state), changed: Notify::new() }, scanned.damaged))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn is_on_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Stores a batch of the next sequence, which `encode` gets. Blocks where the queue is on disk.
    pub fn append(&self, rows: usize, encode: impl FnOnce(i64) -> Vec<u8>) -> std::result::Result<(), AppendError> {
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
        let entry = Entry { sequence, rows, length, content };
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

    async fn wait<T>(&self, ready: impl Fn() -> Option<T>) -> T {
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
    }

    /// Sets the number of batches that may be on the way.
    pub fn widen(&self, window: usize) {
        self.state().window = window;
        self.changed.notify_waiters();
    }

    /// Waits for a batch that may be sent, which is on the way from then on.
    pub async fn next(&self) -> Entry {
        self.wait(|| {
            let mut state = self.state();
            let next = state.entries.get(state.sent).filter(|_| state.sent < state.window).cloned()?;
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

    /// Removes the batches on the way up to the sequence. Blocks where the queue is on disk.
    pub fn acknowledge(&self, sequence: i64) {
        self.remove_sent(|entry| entry.sequence <= sequence);
    }

    /// Gives up one batch on the way. Blocks where the queue is on disk.
    pub fn give_up(&self, sequence: i64) {
        self.remove_sent(|entry| entry.sequence == sequence);
    }

    fn remove_sent(&self, is_removed: impl Fn(&Entry) -> bool) {
        let mut state = self.state();
        let sent = state.sent;
        let (removed, kept): (Vec<_>, Vec<_>) = state.entries.drain(..sent).partition(is_removed);
        state.sent = kept.len();
        for entry in kept.into_iter().rev() {
            state.entries.push_front(entry);
        }
        self.account(state, &removed);
    }

    /// Removes the oldest batches that are not on the way until a batch of this length fits, and returns the number of their
    /// rows. `whole_segment`: and all others of the same segment, so that the disk gets room. Blocks where the queue is on disk.
    pub fn drop_oldest(&self, length: usize, whole_segment: bool) -> usize {
        let mut state = self.state();
        let (first, mut end, mut freed) = (state.sent, state.sent, 0);
        let segment = |entry: Option<&Entry>| entry.and_then(Entry::place).map(|place| place.segment);
        while let Some(entry) = state.entries.get(end) {
            let is_enough = state.bytes - freed + record_size(length) <= self.limit;
            let is_same = end > first && segment(Some(entry)) == segment(state.entries.get(end - 1));
            if is_enough && !(whole_segment && (end == first || is_same)) {
                break;
            }
            freed += entry.size();
            end += 1;
        }
        let removed: Vec<_> = state.entries.drain(first..end).collect();
        self.account(state, &removed)
    }

    /// Accounts for removed entries, and returns the number of their rows.
    fn account(&self, mut state: MutexGuard<'_, State>, removed: &[Entry]) -> usize {
        if removed.is_empty() {
            return 0;
        }
        let rows = removed.iter().map(|entry| entry.rows).sum();
        state.rows -= rows;
        state.bytes -= removed.iter().map(Entry::size).sum::<u64>();
        let floor = state.entries.front().map_or(state.last, |first| first.sequence - 1);
        drop(state);
        self.changed.notify_waiters();
        if let Some(disk) = &self.disk {
            disk.release(removed.iter().filter_map(Entry::place), floor);
        }
        rows
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
