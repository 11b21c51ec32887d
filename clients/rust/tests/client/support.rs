//! What several tests need.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use iotflow::{Client, Config, Error, Row, Value, Writer, WriterConfig};

use crate::test_folder::TestFolder;

pub const DEADLINE: Duration = Duration::from_secs(20);

/// A target where nothing listens.
pub const NOWHERE: &str = "127.0.0.1:1";

pub fn client(target: &str) -> Client {
    Client::new(target, Config::default()).unwrap()
}

pub fn client_with(target: &str, key: &str) -> Client {
    Client::new(target, Config::with_api_key(key)).unwrap()
}

/// A writer with a queue in the folder, and batches of ten rows.
pub fn in_folder(folder: &TestFolder) -> WriterConfig {
    WriterConfig { folder: Some(folder.path().to_owned()), batch_rows: 10, ..WriterConfig::default() }
}

pub async fn add(writer: &Writer, name: &str, rows: u32) -> Result<(), Error> {
    for row in 0..rows {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + u64::from(row));
        writer.add(Row::new(&[(name, Value::Double(row.into()))]).at(time)).await?;
    }
    Ok(())
}

/// What a handler was given. Clones have the same.
pub struct Seen<T>(Arc<Mutex<Vec<T>>>);

impl<T> Seen<T> {
    pub fn new() -> Self {
        Self(Arc::default())
    }

    pub fn add(&self, item: T) {
        self.0.lock().unwrap().push(item);
    }

    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
