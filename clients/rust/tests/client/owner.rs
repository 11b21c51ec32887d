//! Whose batches a queue on disk has.

use std::fs;
use std::time::Duration;

use iotflow::{Client, Code, Config, Error, Row, Writer, WriterConfig, reason};

use crate::server::Server;
use crate::support::{DEADLINE, NOWHERE, Seen, add, client_with, in_folder};
use crate::test_folder::TestFolder;

/// A server with two devices, 7 and 8, whose keys are `seven` and `eight`.
async fn two_devices() -> Server {
    let server = Server::start().await;
    server.state().devices = [("seven", 7), ("eight", 8)].into();
    server
}

fn recorded(folder: &TestFolder) -> Option<String> {
    fs::read_to_string(folder.path().join("device")).ok()
}

async fn send(target: &str, key: &str, config: WriterConfig, rows: u32) -> Result<Writer, Error> {
    let writer = client_with(target, key).writer(config).await?;
    add(&writer, "level", rows).await?;
    writer.close(DEADLINE).await?;
    Ok(writer)
}

/// Leaves batches in the folder, as a device does that is switched off while the server is away.
async fn leave(key: &str, config: WriterConfig, rows: u32) -> Result<(), Error> {
    let writer = client_with(NOWHERE, key).writer(config).await?;
    add(&writer, "level", rows).await?;
    writer.close(Duration::from_millis(50)).await.unwrap_err();
    Ok(())
}

#[tokio::test]
async fn batches_are_kept_from_the_key_of_another_device() -> Result<(), Error> {
    let (server, folder) = (two_devices().await, TestFolder::new());
    send(&server.target, "seven", in_folder(&folder), 10).await?;
    assert_eq!(recorded(&folder).as_deref(), Some("7\n"));
    leave("seven", in_folder(&folder), 20).await?;

    let writer = client_with(&server.target, "eight").writer(in_folder(&folder)).await?;
    let error = writer.flush(DEADLINE).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, reason::QUEUE_OF_ANOTHER_DEVICE));
    assert!(!error.retryable);
    for part in ["device 7", "device 8", folder.path().to_str().unwrap()] {
        assert!(error.message.contains(part), "{error}");
    }
    assert_eq!((writer.status().queued_rows, writer.status().dropped_rows), (20, 0));
    writer.close(DEADLINE).await.unwrap_err();
    assert_eq!(server.sequences(), [1]);
    assert_eq!(recorded(&folder).as_deref(), Some("7\n"));

    send(&server.target, "seven", in_folder(&folder), 10).await?;
    assert_eq!(server.sequences(), [1, 2, 3, 4]);
    Ok(())
}

#[tokio::test]
async fn an_empty_folder_goes_to_the_next_device() -> Result<(), Error> {
    let (server, folder) = (two_devices().await, TestFolder::new());
    send(&server.target, "seven", in_folder(&folder), 10).await?;
    // Rows of the new device may be in the queue before the question can be asked.
    server.state().page = Some(503);
    let writer = client_with(&server.target, "eight").writer(in_folder(&folder)).await?;
    add(&writer, "level", 30).await?;
    server.state().page = None;
    writer.close(DEADLINE).await?;
    assert_eq!(server.sequences(), [1, 2, 3, 4]);
    assert_eq!(recorded(&folder).as_deref(), Some("8\n"));
    Ok(())
}

#[tokio::test]
async fn a_key_of_another_device_that_comes_while_the_writer_runs_gets_no_batch() -> Result<(), Error> {
    let (server, folder) = (two_devices().await, TestFolder::new());
    let client = client_with(&server.target, "seven");
    let writer = client.writer(in_folder(&folder)).await?;
    add(&writer, "level", 10).await?;
    writer.flush(DEADLINE).await?;
    // The stream ends, and the next one has the other key.
    server.state().poison = Some("poison");
    client.set_api_key("eight")?;
    add(&writer, "poison", 10).await?;
    add(&writer, "level", 10).await?;
    let error = writer.flush(DEADLINE).await.unwrap_err();
    assert_eq!(error.reason, reason::QUEUE_OF_ANOTHER_DEVICE);
    // Where the queue is empty between its last two batches, the next stream begins with the other key.
    assert_eq!(server.sequences(), [1]);
    Ok(())
}

#[tokio::test]
async fn a_folder_without_a_device_takes_that_of_the_key() -> Result<(), Error> {
    for damaged in [None, Some("seven\n"), Some("8")] {
        let (server, folder) = (two_devices().await, TestFolder::new());
        leave("seven", in_folder(&folder), 10).await?;
        if let Some(damaged) = damaged {
            fs::write(folder.path().join("device"), damaged).unwrap();
        }
        send(&server.target, "seven", in_folder(&folder), 10).await?;
        assert_eq!((server.sequences(), recorded(&folder).as_deref()), (vec![1, 2], Some("7\n")), "{damaged:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_is_asked_for_its_device_once() -> Result<(), Error> {
    let (server, folder, other) = (two_devices().await, TestFolder::new(), TestFolder::new());
    server.state().poison = Some("poison");
    let client = client_with(&server.target, "seven");
    for folder in [&folder, &other] {
        let writer = client.writer(in_folder(folder)).await?;
        for measurement in ["level", "poison", "level"] {
            add(&writer, measurement, 10).await?;
            writer.flush(DEADLINE).await?;
        }
    }
    assert!(server.calls("StreamTelemetry") >= 4);
    assert_eq!(server.calls("SendHeartbeat"), 1);
    Ok(())
}

#[tokio::test]
async fn a_queue_in_memory_and_batches_that_name_their_device_need_no_question() -> Result<(), Error> {
    let (server, folder) = (two_devices().await, TestFolder::new());
    send(&server.target, "seven", WriterConfig { batch_rows: 10, ..WriterConfig::default() }, 20).await?;
    for config in [Config::with_token("gateway"), Config::with_api_key("seven")] {
        let writer = Client::new(&server.target, config)?.writer(in_folder(&folder)).await?;
        for device_id in [8, 9, 9] {
            writer.add(Row { device_id, ..Row::new(&[("level", 1.0.into())]) }).await?;
        }
        writer.close(DEADLINE).await?;
    }
    // The server decides about a gateway's batch without a device.
    let writer = Client::new(&server.target, Config::with_token("gateway"))?.writer(in_folder(&folder)).await?;
    add(&writer, "level", 10).await?;
    writer.close(DEADLINE).await?;
    assert_eq!((server.calls("SendHeartbeat"), recorded(&folder)), (0, None));
    Ok(())
}

#[tokio::test]
async fn an_error_of_the_question_is_one_of_the_stream() -> Result<(), Error> {
    let (server, folder) = (two_devices().await, TestFolder::new());
    server.state().key = Some("seven".to_owned());
    let asked = Seen::new();
    let questions = asked.clone();
    let config = Config::with_api_key("wrong").on_credential_wanted(move |error| {
        questions.add(error.reason);
        async { Some("seven".to_owned()) }
    });
    leave("seven", in_folder(&folder), 10).await?;
    let writer = Client::new(&server.target, config)?.writer(in_folder(&folder)).await?;
    writer.close(DEADLINE).await?;
    assert_eq!(asked.take(), ["WRONG_KEY"]);
    let calls: Vec<_> = server.state().calls.iter().map(|(name, key)| format!("{name} {key}")).collect();
    // A wrong key is shown to the server once, and nothing is sent before the answer.
    assert_eq!(calls, ["SendHeartbeat wrong", "SendHeartbeat seven", "StreamTelemetry seven"]);
    Ok(())
}

#[tokio::test]
async fn a_folder_that_takes_no_device_is_sent_nevertheless() -> Result<(), Error> {
    let (server, folder) = (two_devices().await, TestFolder::new());
    fs::create_dir(folder.path().join("device.new")).unwrap();
    send(&server.target, "seven", in_folder(&folder), 20).await?;
    assert_eq!((server.sequences(), recorded(&folder)), (vec![1, 2], None));
    fs::remove_dir(folder.path().join("device.new")).unwrap();
    send(&server.target, "seven", in_folder(&folder), 10).await?;
    assert_eq!(recorded(&folder).as_deref(), Some("7\n"));
    Ok(())
}
