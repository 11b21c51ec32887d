//! The examples of README.md.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use iotflow::v1::RegisterDeviceRequest;
use iotflow::{Client, Config, Error, Row, WriterConfig, status_word};

use crate::server::Server;
use crate::support::NOWHERE;
use crate::test_folder::TestFolder;

async fn first_reading(target: &str, key: &str) -> Result<Client, Error> {
    let client = Client::new(target, Config::with_api_key(key))?;
    let config = WriterConfig::default().on_interrupted(|error, _| eprintln!("{error}"));
    let writer = client.writer(config).await?;
    writer.add(Row::new(&[("temperature", 21.5.into())])).await?;
    writer.close(Duration::from_secs(10)).await?;
    Ok(client)
}

#[tokio::test]
async fn the_first_reading_is_stored_each_time() -> Result<(), Error> {
    let server = Server::start().await;
    for _ in 0..2 {
        let client = first_reading(&server.target, "key").await?;
        assert_eq!(client.latest(0, &[]).await?.values["temperature"], 21.5);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_first_reading_ends_where_nothing_answers() {
    let error = first_reading(NOWHERE, "key").await.err().unwrap();
    assert_eq!(status_word(error.code), "DEADLINE_EXCEEDED");
    assert!(error.message.contains("Connection refused"), "{error}");
}

async fn registration(client: &Client, key_file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    if !key_file.exists() {
        let request =
            RegisterDeviceRequest { name: "boiler".into(), device_type: "heating".into(), ..Default::default() };
        let device = client.register(request).await?;
        let key = device.api_key.ok_or("The answer has no key.")?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(key_file)?.write_all(key.as_bytes())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_device_registers_at_the_first_start_only() -> Result<(), Box<dyn std::error::Error>> {
    let (server, folder) = (Server::start().await, TestFolder::new());
    let key_file = folder.path().join("key");
    let client = Client::new(&server.target, Config::default())?;
    for _ in 0..2 {
        registration(&client, &key_file).await?;
    }
    client.heartbeat("online").await?;
    let key = std::fs::read_to_string(&key_file)?;
    assert_eq!(std::fs::metadata(&key_file)?.permissions().mode() & 0o777, 0o600);
    let call = |name: &str, key: &str| (name.to_owned(), key.to_owned());
    assert_eq!(server.state().calls, [call("RegisterDevice", ""), call("SendHeartbeat", &key)]);
    Ok(())
}

#[tokio::test]
async fn errors_tell_whether_to_retry() {
    let client = Client::new("127.0.0.1:1", Config::default()).unwrap();

    if let Err(error) = client.latest(0, &[]).await
        && error.retryable
    {
        println!("{}", status_word(error.code));
    }

    let error = client.latest(0, &[]).await.unwrap_err();
    assert_eq!((status_word(error.code), error.retryable), ("UNAVAILABLE", true));
}

/// Every block of Rust in README.md is a part of an example.
#[test]
fn readme_shows_examples() {
    let unindented = |text: &str| text.lines().map(|line| format!("{}\n", line.trim())).collect::<String>();
    let examples = unindented(include_str!("example.rs"));
    let readme = include_str!("../../README.md");
    let blocks: Vec<_> = readme.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(examples.contains(&unindented(block)), "no example has\n{block}");
    }
}
