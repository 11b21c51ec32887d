//! A handler that panics ends the writer with an error, not silently.

use std::sync::Arc;
use std::time::Duration;

use iotflow::{Client, Code, Config, Error, Metrics, Policy, WriterConfig};

use tokio::time::timeout;

use crate::server::Server;
use crate::support::{DEADLINE, add, client, in_folder};
use crate::test_folder::TestFolder;

struct Panicking;

impl Metrics for Panicking {
    fn rows_acknowledged(&self, _: usize) {
        panic!("the metrics are broken");
    }
}

/// Writes until the writer ends, and expects the text of the panic in the errors of its calls.
async fn expect_end(client: &Client, config: WriterConfig, text: &str) -> Result<(), Error> {
    let writer = client.writer(config).await?;
    // The writer may have ended already.
    let added = add(&writer, "poison", 10).await;
    let error = added.and(writer.flush(DEADLINE).await).unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::Internal, false), "{error}");
    assert!(error.message.contains(text), "{error}");
    assert_eq!(add(&writer, "level", 1).await.unwrap_err(), error);
    assert_eq!(writer.close(DEADLINE).await.unwrap_err(), error);
    Ok(())
}

#[tokio::test]
async fn a_handler_of_a_writer() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().poison = Some("poison");
    let rejected = WriterConfig::default().on_rejected(|_| panic!("rejected is broken"));
    expect_end(&client(&server.target), rejected, "rejected is broken").await?;
    server.state().page = Some(503);
    let interrupted = WriterConfig::default().on_interrupted(|_, _| panic!("interrupted is {}", "broken"));
    expect_end(&client(&server.target), interrupted, "interrupted is broken").await
}

/// Batches end at their age, until the queue has no room for one.
#[tokio::test]
async fn a_handler_of_dropped_rows() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().page = Some(503);
    let config = WriterConfig {
        queue_limit: 1000,
        batch_age: Duration::from_millis(10),
        policy: Policy::DropNewest,
        ..WriterConfig::default()
    };
    let writer = client(&server.target).writer(config.on_dropped(|_| panic!("dropped is broken"))).await?;
    let error = loop {
        if let Err(error) = add(&writer, "level", 1).await {
            break error;
        }
        let before = writer.status().queued_bytes;
        let aged = async {
            while writer.status().queued_bytes == before {
                tokio::task::yield_now().await;
            }
        };
        // Where the handler has panicked, no batch ends any more.
        let _ = timeout(Duration::from_millis(100), aged).await;
    };
    assert!(error.message.contains("dropped is broken"), "{error}");
    Ok(())
}

/// The batch is read where the connection asks for it.
#[tokio::test]
async fn a_handler_of_a_damaged_batch() -> Result<(), Error> {
    let (server, folder) = (Server::start().await, TestFolder::new());
    server.state().page = Some(503);
    let config = in_folder(&folder).on_dropped(|_| panic!("damaged is broken"));
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 20).await?;
    std::fs::remove_file(folder.path().join("00000000000000000001.batches")).unwrap();
    server.state().page = None;
    let error = writer.flush(DEADLINE).await.unwrap_err();
    assert!(error.message.contains("damaged is broken"), "{error}");
    Ok(())
}

#[tokio::test]
async fn metrics_and_the_handler_of_keys() -> Result<(), Error> {
    let server = Server::start().await;
    let config = Config { metrics: Some(Arc::new(Panicking)), ..Config::default() };
    expect_end(&Client::new(&server.target, config)?, WriterConfig::default(), "the metrics are broken").await?;
    server.state().key = Some("right".to_owned());
    let config = Config::with_api_key("wrong").on_credential_wanted(|_| async { panic!("the question is broken") });
    expect_end(&Client::new(&server.target, config)?, WriterConfig::default(), "the question is broken").await
}
