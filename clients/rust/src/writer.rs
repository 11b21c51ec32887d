//! Writes telemetry.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::batch::{NewRow, RowTime};
use crate::client::Client;
use crate::clock::ClockSource;
use crate::column::Columns;
use crate::error::{Code, Error, Result};
use crate::policy::DropReason;
use crate::queue::Queue;
use crate::shared::{Phase, Shared, closed};
use crate::values::Row;
use crate::writer_config::WriterConfig;

/// The numbers of a writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Rows that are not acknowledged yet; those of the open batch are counted too.
    pub queued_rows: usize,
    /// The size of the queue.
    pub queued_bytes: u64,
    /// Rows that the server has processed.
    pub acknowledged_rows: usize,
    /// Values or rows that the server rejected.
    pub rejected_values: usize,
    /// Rows that the queue lost.
    pub dropped_rows: usize,
    /// The number of failed streams.
    pub interruptions: usize,
}

/// Makes batches of rows, keeps them in a queue, and sends the queue until the server has acknowledged it.
///
/// All methods may be called concurrently; rows of one caller keep their order. A writer that is dropped without
/// [`Writer::close`] ends at once; what its queue on disk has is sent by the next writer of the folder.
pub struct Writer {
    shared: Arc<Shared>,
    tasks: tokio::sync::Mutex<JoinSet<Option<()>>>,
}

impl Client {
    /// A writer that connects and sends by itself, beginning with what the folder of the queue has. It fails with the
    /// reason `QUEUE_IN_USE` where another writer has the folder.
    pub async fn writer(&self, config: WriterConfig) -> Result<Writer> {
        let config = config.checked();
        let (queue, damaged) = open_queue(&config).await?;
        let shared = Arc::new(Shared {
            client: self.clone(),
            config,
            queue: Arc::new(queue),
            batching: tokio::sync::Mutex::default(),
            open_rows: AtomicUsize::new(0),
            status: Mutex::default(),
            failure: Mutex::default(),
            disk_failure: Mutex::default(),
            phase: watch::Sender::new(Phase::Running),
            is_closing: AtomicBool::new(false),
            begun: Notify::new(),
        });
        for _ in 0..damaged {
            shared.dropped(0, DropReason::Damaged);
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&shared).guard(Arc::clone(&shared).send()));
        tasks.spawn(Arc::clone(&shared).guard(Arc::clone(&shared).seal_aged()));
        if shared.config.clock == ClockSource::Server {
            tasks.spawn(Arc::clone(&shared).guard(Arc::clone(&shared).synchronize()));
        }
        Ok(Writer { shared, tasks: tokio::sync::Mutex::new(tasks) })
    }
}

async fn open_queue(config: &WriterConfig) -> Result<(Queue, usize)> {
    let limit = config.queue_limit;
    let Some(folder) = config.folder.clone() else {
        return Ok((Queue::in_memory(limit), 0));
    };
    let opened = tokio::task::spawn_blocking(move || Queue::in_folder(&folder, limit)).await;
    opened.unwrap_or_else(|error| Err(Error::new(Code::Internal, error.to_string())))
}

impl Writer {
    /// Adds one row. It returns when the row is in the open batch, or with the batch in the queue where the row is its last
    /// one. While the queue is full, the policy decides.
    pub async fn add(&self, row: Row<'_>) -> Result<()> {
        let mut batching = self.shared.enter_to_add().await?;
        let time = self.shared.time(row.time);
        let row = NewRow { device_id: row.device_id, time, values: row.values };
        self.shared.add(&mut batching, &row).await
    }

    /// Adds many rows. Where it fails, the first of them may have been added; adding all of them again is harmless.
    pub async fn add_columns(&self, columns: &Columns) -> Result<()> {
        columns.check()?;
        let mut batching = self.shared.enter_to_add().await?;
        let mut values = Vec::with_capacity(columns.columns.len());
        for (number, time) in columns.times.iter().enumerate() {
            values.clear();
            let row = columns.columns.iter().map(|column| (column.measurement.as_str(), column.value(number)));
            values.extend(row.filter_map(|(measurement, value)| Some((measurement, value?))));
            let time = RowTime { milliseconds: *time, relative: false };
            let row = NewRow { device_id: columns.device_id, time, values: &values };
            self.shared.add(&mut batching, &row).await?;
        }
        Ok(())
    }

    /// Ends the open batch, and returns when everything added before is acknowledged. After the deadline it fails with
    /// `DEADLINE_EXCEEDED`; nothing is lost by that. Its message has the error of the disk where that takes no batch, and
    /// the cause of the last interruption, unless something was acknowledged since.
    pub async fn flush(&self, deadline: Duration) -> Result<()> {
        timeout(deadline, self.shared.flush()).await.unwrap_or_else(|_| Err(self.shared.late(deadline)))
    }

    /// Flushes, ends the stream and releases everything, also where it fails with `DEADLINE_EXCEEDED`. What was not
    /// acknowledged stays in a queue on disk. Rows cannot be added from its beginning on.
    pub async fn close(&self, deadline: Duration) -> Result<()> {
        self.shared.is_closing.store(true, Ordering::Release);
        let flushed = self.flush(deadline).await;
        let mut tasks = self.tasks.lock().await;
        if flushed.is_ok() {
            self.shared.move_to(Phase::Ending);
        } else {
            self.shared.move_to(Phase::Ended(closed()));
            self.shared.keep_open().await;
        }
        while tasks.join_next().await.is_some() {}
        self.shared.move_to(Phase::Ended(closed()));
        self.shared.queue.run(Queue::close).await;
        flushed
    }

    /// The numbers of the writer.
    pub fn status(&self) -> Status {
        let (queued, queued_bytes) = self.shared.queue.content();
        let queued_rows = queued + self.shared.open_rows.load(Ordering::Relaxed);
        Status { queued_rows, queued_bytes, ..*self.shared.status.lock().unwrap() }
    }
}
