//! A handler that panics loses and stops nothing.

use std::sync::Arc;

use iotflow::{Client, Code, Config, Error, Metrics, Policy, WriterConfig};

use crate::server::Server;
use crate::support::{DEADLINE, Seen, add, client, in_folder};
use crate::test_folder::TestFolder;

struct Panicking(Seen<usize>);

impl Metrics for Panicking {
    fn row_added(&self) {
        panic!("the metrics are broken");
    }

    fn rows_acknowledged(&self, rows: usize) {
        self.0.add(rows);
        panic!("the metrics are broken");
    }
}

#[tokio::test]
async fn a_handler_of_rejections() -> Result<(), Error> {
    let (server, seen) = (Server::start().await, Seen::new());
    server.state().poison = Some("poison");
    let given = seen.clone();
    let config = WriterConfig::default().on_rejected(move |rejection| {
        given.add(rejection.count);
        panic!("rejected is broken");
    });
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "poison", 10).await?;
    writer.flush(DEADLINE).await?;
    add(&writer, "level", 10).await?;
    writer.close(DEADLINE).await?;
    assert_eq!((seen.take(), server.sequences()), (vec![10], vec![2]));
    Ok(())
}

#[tokio::test]
async fn a_handler_of_interruptions() -> Result<(), Error> {
    let (server, seen) = (Server::start().await, Seen::new());
    server.state().page = Some(503);
    let given = seen.clone();
    let config = WriterConfig::default().on_interrupted(move |_, _| {
        given.add(());
        panic!("interrupted is {}", "broken");
    });
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 10).await?;
    while writer.status().interruptions < 2 {
        tokio::task::yield_now().await;
    }
    server.state().page = None;
    writer.close(DEADLINE).await?;
    assert!(seen.take().len() >= 2);
    assert_eq!(server.sequences(), [1]);
    Ok(())
}

#[tokio::test]
async fn a_handler_of_dropped_rows() -> Result<(), Error> {
    let (server, seen) = (Server::start().await, Seen::new());
    server.state().page = Some(503);
    let given = seen.clone();
    let config =
        WriterConfig { queue_limit: 1000, policy: Policy::DropNewest, batch_rows: 10, ..WriterConfig::default() };
    let config = config.on_dropped(move |dropped| {
        given.add(dropped.rows);
        panic!("dropped is broken");
    });
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 1000).await?;
    server.state().page = None;
    writer.close(DEADLINE).await?;
    let dropped: usize = seen.take().into_iter().sum();
    let stored: usize = server.state().batches.iter().map(|batch| batch.timestamps.len()).sum();
    assert!(dropped > 0);
    assert_eq!(dropped + stored, 1000);
    Ok(())
}

/// The batch is read where the connection asks for it.
#[tokio::test]
async fn a_handler_of_a_damaged_batch() -> Result<(), Error> {
    let (server, folder, seen) = (Server::start().await, TestFolder::new(), Seen::new());
    server.state().page = Some(503);
    let given = seen.clone();
    let config = in_folder(&folder).on_dropped(move |dropped| {
        given.add(dropped.rows);
        panic!("damaged is broken");
    });
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 20).await?;
    std::fs::remove_file(folder.path().join("00000000000000000001.batches")).unwrap();
    add(&writer, "level", 10).await?;
    server.state().page = None;
    writer.close(DEADLINE).await?;
    assert_eq!((seen.take(), server.sequences()), (vec![10, 10], vec![3]));
    Ok(())
}

#[tokio::test]
async fn metrics() -> Result<(), Error> {
    let (server, seen) = (Server::start().await, Seen::new());
    let config = Config { metrics: Some(Arc::new(Panicking(seen.clone()))), ..Config::default() };
    let writer = Client::new(&server.target, config)?.writer(WriterConfig::default()).await?;
    add(&writer, "level", 10).await?;
    writer.close(DEADLINE).await?;
    assert_eq!(seen.take(), [10]);
    Ok(())
}

#[tokio::test]
async fn the_handler_of_keys() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().key = Some("right".to_owned());
    let config = Config::with_api_key("wrong").on_credential_wanted(|_| async { panic!("the vault is closed") });
    let writer = Client::new(&server.target, config)?.writer(WriterConfig::default()).await?;
    add(&writer, "level", 10).await?;
    let error = writer.flush(DEADLINE).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str(), error.retryable), (Code::Unauthenticated, "WRONG_KEY", false));
    assert!(error.message.contains("The credential handler failed: the vault is closed."), "{error}");
    Ok(())
}
