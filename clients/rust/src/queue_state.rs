//! The batches that are not acknowledged, in their order.

use std::collections::VecDeque;

use crate::entry::Entry;
use crate::queue_owner::Ownership;

/// The first `sent` entries are on the way; `window` of them may be.
#[derive(Default)]
pub struct State {
    pub entries: VecDeque<Entry>,
    pub sent: usize,
    pub window: usize,
    pub ownership: Ownership,
    pub bytes: u64,
    pub rows: usize,
    pub last: i64,
}

/// What the queue needs to know of a new batch.
#[derive(Clone, Copy)]
pub struct NewBatch {
    pub rows: usize,
    /// Whether it names the device of each row.
    pub names_device: bool,
}

impl State {
    /// The next batch within the window.
    pub fn next(&self) -> Option<&Entry> {
        self.entries.get(self.sent).filter(|_| self.sent < self.window)
    }
}
