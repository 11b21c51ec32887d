//! Writes telemetry to an IoTFlow server, reads it, and acts as a device.
//!
//! A [`Client`] is a connection. It connects with the first call, and again after a failure. Nothing is global: a program
//! may have any number of clients.
//!
//! A [`Writer`] makes batches of rows, keeps them in a queue in memory or on disk, and sends them until the server has
//! acknowledged them. [`Writer::add`] waits while the queue is full, unless the [`Policy`] is another.
//!
//! [`Client::latest`], [`Client::range`], [`Client::aggregate`], [`Client::read`] and [`Client::subscribe`] read.
//! [`Client::register`], [`Client::heartbeat`], [`Client::watch_config`], [`Client::report_config`],
//! [`Client::handle_commands`] and [`Client::rotate_key`] are for devices. All other calls of the contract are stubs of
//! [`v1`], which take [`Client::channel`]; [`pages`] reads their lists.
//!
//! The error of every call is an [`Error`], with the server's reason and whether a retry may succeed. Every call ends when
//! its future is dropped.
//!
//! Log events go to the crate `tracing`, with names in snake_case and facts as fields; numbers go to [`Metrics`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod acknowledged;
mod aging;
mod backoff;
mod batch;
mod batch_codec;
mod batch_column;
mod batching;
mod channel;
mod claiming;
mod client;
mod clock;
mod column;
mod commands;
mod config;
mod connection;
mod credentials;
mod details;
mod device;
mod device_file;
mod early;
mod entry;
mod error;
mod following;
mod handlers;
mod items;
mod json;
mod key;
mod metrics;
mod pages;
mod payload;
mod payloads;
mod policy;
mod private_files;
mod queries;
mod queue;
mod queue_files;
mod queue_lock;
mod queue_owner;
mod queue_scan;
mod queue_state;
#[cfg(test)]
mod queue_tests;
mod reading;
mod removal;
mod reporting;
mod segment;
mod segment_name;
mod sending;
mod shared;
mod storing;
mod stubs;
mod subscribing;
mod target;
#[cfg(test)]
mod test_folder;
mod time;
mod tls;
mod transport;
mod value_size;
mod values;
mod writer;
mod writer_config;

pub use channel::Channel;
pub use client::{Client, Config, VERSION};
pub use clock::{ClockSource, ServerClock};
pub use column::{Column, Columns, Values};
pub use config::DesiredConfig;
pub use error::{Code, Error, Result, reason, status_word};
pub use items::Items;
pub use json::{Object, object};
pub use metrics::Metrics;
pub use pages::{Page, PageRequest, pages};
pub use policy::{DropReason, Dropped, Policy};
pub use queries::{AggregateQuery, Point, RangeQuery, ReadQuery, Span, Window};
pub use stubs::iotflow::v1;
pub use stubs::words;
pub use subscribing::{Event, SubscribeQuery};
pub use tls::Tls;
pub use values::{Row, Value};
pub use writer::{Status, Writer};
pub use writer_config::WriterConfig;

/// The bytes of an answer, such as a batch with columns of text. The stubs are made for it too.
const LARGEST_ANSWER: usize = 64 << 20;
