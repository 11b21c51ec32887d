//! What happens while the queue is full.

/// Decides about a new batch while the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The caller waits.
    #[default]
    Wait,
    /// The caller gets an error with the reason `QUEUE_FULL`, which is retryable.
    Refuse,
    /// The oldest batches that are not on the way are dropped.
    DropOldest,
    /// The new batch is dropped.
    DropNewest,
    /// Every 2nd row is kept from half of the limit on, every 4th from three quarters on, every 8th from seven eighths on,
    /// and none at the limit.
    Sample,
}

impl Policy {
    /// n where every n-th row is kept.
    pub(crate) fn stride(self, queued: u64, limit: u64) -> u64 {
        if self != Self::Sample || queued < limit / 2 {
            1
        } else if queued < limit / 4 * 3 {
            2
        } else if queued < limit / 8 * 7 {
            4
        } else {
            8
        }
    }
}

/// Why rows are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The queue is at its limit.
    QueueFull,
    /// The disk took no more.
    DiskFull,
    /// The disk did not return what was written.
    Damaged,
}

impl DropReason {
    /// The reason as a word for programs, such as `QUEUE_FULL`.
    pub fn word(self) -> &'static str {
        match self {
            Self::QueueFull => "QUEUE_FULL",
            Self::DiskFull => "DISK_FULL",
            Self::Damaged => "DAMAGED",
        }
    }
}

/// Rows that are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Their number, 0 where it cannot be known.
    pub rows: usize,
    /// Why they are lost.
    pub reason: DropReason,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_thins_out_as_the_queue_fills() {
        let strides = [0, 49, 50, 74, 75, 87, 88, 100].map(|queued| Policy::Sample.stride(queued, 100));
        assert_eq!(strides, [1, 1, 2, 2, 4, 8, 8, 8]);
        assert_eq!(Policy::Wait.stride(100, 100), 1);
    }
}
