//! Batches in the queue.

use std::io;

use bytes::Bytes;

use crate::error::{Code, Error, reason};
use crate::policy::DropReason;
use crate::queue_files::Place;
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
    /// Whether the batch names the device of each row; otherwise the key decides.
    pub names_device: bool,
    pub length: usize,
    pub content: Content,
}

impl Entry {
    /// What the entry takes of the queue's limit.
    pub fn size(&self) -> u64 {
        record_size(self.length)
    }

    pub fn place(&self) -> Option<Place> {
        match self.content {
            Content::Memory(_) => None,
            Content::Disk(place) => Some(place),
        }
    }
}

/// What a batch of this length takes of the queue's limit.
pub fn record_size(length: usize) -> u64 {
    (RECORD_HEADER + length) as u64
}

/// Why a batch is not in the queue.
#[derive(Debug)]
pub enum AppendError {
    Full,
    Disk(io::Error),
}

impl AppendError {
    pub fn reason(&self) -> DropReason {
        match self {
            Self::Full => DropReason::QueueFull,
            Self::Disk(_) => DropReason::DiskFull,
        }
    }

    pub fn refusal(&self) -> Error {
        let message = match self {
            Self::Full => "The queue is full. Add the rows again later.".to_owned(),
            Self::Disk(error) => format!("The disk did not take the batch: {error}. Add the rows again later."),
        };
        let reason = reason::QUEUE_FULL.to_owned();
        Error { reason, retryable: true, ..Error::new(Code::ResourceExhausted, message) }
    }

    /// Whether the queue or the disk has no space, so that dropping batches helps.
    pub fn lacks_space(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Disk(error) => matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded),
        }
    }
}
