//! The examples of README.md.

use std::time::Duration;

use iotflow::{Client, Config, Error, Row, WriterConfig, status_word};

use crate::server::Server;

#[tokio::test]
async fn first_reading() -> Result<(), Error> {
    let server = Server::start().await;
    let (target, key) = (server.target.clone(), "the key of a device");

    let client = Client::new(target, Config::with_api_key(key))?;
    let writer = client.writer(WriterConfig::default()).await?;
    writer.add(Row::new(&[("temperature", 21.5.into())])).await?;
    writer.close(Duration::from_secs(10)).await?;

    let latest = client.latest(0, &[]).await?;
    assert_eq!(latest.values["temperature"], 21.5);
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
