//! The ends of batches in the queue.

use std::sync::MutexGuard;

use crate::entry::{Entry, record_size};
use crate::queue::Queue;
use crate::queue_state::State;

impl Queue {
    /// Removes the batches on the way up to the sequence. Blocks where the queue is on disk.
    pub fn acknowledge(&self, sequence: i64) {
        self.remove_sent(|entry| entry.sequence <= sequence);
    }

    /// Gives up one batch on the way. Blocks where the queue is on disk.
    pub fn give_up(&self, sequence: i64) {
        self.remove_sent(|entry| entry.sequence == sequence);
    }

    /// Gives up one batch on the way that the disk does not return. Blocks.
    pub fn give_up_damaged(&self, entry: &Entry) {
        if let (Some(disk), Some(place)) = (&self.disk, entry.place()) {
            disk.leave(place.segment);
        }
        self.give_up(entry.sequence);
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
        if let Some(disk) = &self.disk {
            disk.release(removed.iter().filter_map(Entry::place), floor);
        }
        // Afterwards, so that a process that ends after a flush has recorded what it need not send again.
        self.changed.notify_waiters();
        rows
    }
}
