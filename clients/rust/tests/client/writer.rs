//! Writers and the connection.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::{FutureExt, StreamExt};
use iotflow::{Client, Code, Column, Columns, Config, Error, Policy, Row, Values, WriterConfig, reason};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::server::Server;
use crate::support::{DEADLINE, NOWHERE, add, client, in_folder};
use crate::test_folder::TestFolder;

#[tokio::test]
async fn columns_are_split_at_the_limit() -> Result<(), Error> {
    let server = Server::start().await;
    let writer = client(&server.target).writer(WriterConfig { batch_rows: 2, ..WriterConfig::default() }).await?;
    let door = Values::Bools(vec![false, true, false, false, true]);
    let columns =
        Columns { times: vec![1, 2, 3, 4, 5], columns: vec![Column::new("door_open", door)], ..Columns::default() };
    writer.add_columns(&columns).await?;
    writer.close(DEADLINE).await?;
    assert_eq!(server.sequences(), [1, 2, 3]);
    assert_eq!(writer.status().acknowledged_rows, 5);
    let short = Columns { times: vec![1], ..columns };
    assert_eq!(writer.add_columns(&short).await.unwrap_err().field, "door_open");
    Ok(())
}

#[tokio::test]
async fn a_poison_batch_is_given_up_alone() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().poison = Some("poison");
    let rejected = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&rejected);
    let config = WriterConfig { batch_rows: 10, ..WriterConfig::default() }.on_rejected(move |rejection| {
        seen.lock().unwrap().push((rejection.sequence, rejection.count, rejection.reason))
    });
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 40).await?;
    add(&writer, "poison", 10).await?;
    add(&writer, "level", 40).await?;
    writer.close(DEADLINE).await?;
    assert_eq!(*rejected.lock().unwrap(), [(5, 10, "INVALID_ARGUMENT".to_owned())]);
    let mut sequences = server.sequences();
    sequences.dedup();
    assert!([1, 2, 3, 4, 6, 7, 8, 9].iter().all(|sequence| sequences.contains(sequence)), "{sequences:?}");
    assert!(!sequences.contains(&5));
    Ok(())
}

#[tokio::test]
async fn rows_cannot_be_added_once_a_writer_closes() -> Result<(), Error> {
    let writer = client(NOWHERE).writer(WriterConfig::default()).await?;
    add(&writer, "level", 1).await?;
    let mut closing = Box::pin(writer.close(Duration::from_secs(1)));
    assert!(closing.as_mut().now_or_never().is_none());
    let error = add(&writer, "level", 1).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::FailedPrecondition, "The writer is closed."));
    assert_eq!(writer.status().queued_rows, 1);
    assert_eq!(closing.await.unwrap_err().code, Code::DeadlineExceeded);
    Ok(())
}

#[tokio::test]
async fn a_full_queue_refuses_or_waits() -> Result<(), Error> {
    let config = WriterConfig { queue_limit: 2000, batch_rows: 10, policy: Policy::Refuse, ..WriterConfig::default() };
    let writer = client(NOWHERE).writer(config.clone()).await?;
    let error = add(&writer, "level", 1000).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, reason::QUEUE_FULL));
    assert!(error.retryable && writer.status().queued_bytes <= 2000);

    let writer = client(NOWHERE).writer(WriterConfig { policy: Policy::Wait, ..config }).await?;
    let waiting = timeout(Duration::from_millis(200), add(&writer, "level", 1000)).await;
    assert!(waiting.is_err(), "{waiting:?}");
    // The wait that was dropped holds nothing up.
    let error = writer.close(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.code, Code::DeadlineExceeded);
    assert_eq!(add(&writer, "level", 1).await.unwrap_err().code, Code::FailedPrecondition);
    Ok(())
}

#[tokio::test]
async fn a_folder_has_one_writer_and_outlives_it() -> Result<(), Error> {
    let folder = TestFolder::new();
    let config = in_folder(&folder);
    let writer = client(NOWHERE).writer(config.clone()).await?;
    let error = client(NOWHERE).writer(config.clone()).await.err().unwrap();
    assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, reason::QUEUE_IN_USE));
    add(&writer, "level", 95).await?;
    writer.close(Duration::from_millis(50)).await.unwrap_err();

    let server = Server::start().await;
    let writer = client(&server.target).writer(config).await?;
    assert_eq!(writer.status().queued_rows, 95);
    add(&writer, "level", 10).await?;
    writer.close(DEADLINE).await?;
    assert_eq!(server.sequences(), (1..=11).collect::<Vec<_>>());
    let segments =
        std::fs::read_dir(folder.path()).unwrap().filter_map(|file| file.ok()?.file_name().into_string().ok());
    assert!(segments.filter(|name| name.ends_with(".batches")).count() <= 1);
    Ok(())
}

#[tokio::test]
async fn a_dropped_call_doubles_and_breaks_nothing() -> Result<(), Error> {
    let folder = TestFolder::new();
    let config = WriterConfig { batch_rows: 1, ..in_folder(&folder) };
    let server = Server::start().await;
    let writer = client(&server.target).writer(config).await?;
    for row in 0..200 {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(row);
        // The future is dropped where the disk has not taken the batch at once.
        let _ = writer.add(Row::new(&[("level", 1.0.into())]).at(time)).now_or_never();
        tokio::task::yield_now().await;
    }
    writer.close(DEADLINE).await?;
    let mut times: Vec<_> = server.state().batches.iter().flat_map(|batch| batch.timestamps.clone()).collect();
    let stored = times.len();
    times.dedup();
    assert_eq!((times.len(), writer.status().acknowledged_rows, writer.status().queued_rows), (stored, stored, 0));
    assert!(stored > 0 && times.is_sorted());
    Ok(())
}

#[tokio::test]
async fn a_rejected_key_is_asked_for_once() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().key = Some("right".to_owned());
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let config = Config::with_api_key("wrong").on_credential_wanted(move |_| {
        *count.lock().unwrap() += 1;
        async { Some("right".to_owned()) }
    });
    let client = Client::new(&server.target, config)?;
    let writer = client.writer(WriterConfig::default()).await?;
    add(&writer, "level", 10).await?;
    writer.close(DEADLINE).await?;
    assert_eq!((*asked.lock().unwrap(), server.sequences()), (1, vec![1]));

    let client = Client::new(&server.target, Config::with_api_key("wrong"))?;
    let writer = client.writer(WriterConfig::default()).await?;
    assert_eq!(writer.flush(DEADLINE).await.err().map(|error| error.code), None);
    add(&writer, "level", 10).await?;
    assert_eq!(writer.flush(DEADLINE).await.unwrap_err().code, Code::Unauthenticated);
    Ok(())
}

#[tokio::test]
async fn a_rotated_key_is_saved_before_it_is_used() -> Result<(), Error> {
    let server = Server::start().await;
    let client = Client::new(&server.target, Config::with_api_key("first"))?;
    let mut saved = String::new();
    let save = |api_key| {
        saved = api_key;
        async { Ok::<_, Error>(()) }
    };
    client.rotate_key(save).await?;
    assert_eq!(saved, "the-next-key");
    let writer = client.writer(WriterConfig::default()).await?;
    add(&writer, "level", 1).await?;
    writer.close(DEADLINE).await
}

#[tokio::test]
async fn a_break_reaches_the_subscriber() {
    let mut events = client(NOWHERE).subscribe(iotflow::SubscribeQuery::default());
    let first = StreamExt::next(&mut events).await;
    assert!(matches!(first, Some(Ok(iotflow::Event::Interrupted { error, .. })) if error.code == Code::Unavailable));
}

#[tokio::test]
async fn a_deadline_names_the_cause_unless_something_was_acknowledged_since() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().status = Some(tonic::Status::unavailable("The store is down."));
    let interrupted = Arc::new(Notify::new());
    let notified = Arc::clone(&interrupted);
    let config = WriterConfig::default().on_interrupted(move |_, _| notified.notify_one());
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 1).await?;
    interrupted.notified().await;
    let late = Duration::from_millis(10);
    let error = writer.flush(late).await.unwrap_err();
    assert_eq!(error.code, Code::DeadlineExceeded);
    assert!(
        error.message.ends_with("within 10ms. The last attempt failed: The store is down. (UNAVAILABLE)"),
        "{error}"
    );
    server.state().status = None;
    writer.flush(DEADLINE).await?;
    server.state().is_silent = true;
    add(&writer, "level", 1).await?;
    assert_eq!(writer.close(late).await.unwrap_err().message, "Not everything was acknowledged within 10ms.");
    Ok(())
}
