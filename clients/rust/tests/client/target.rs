//! Targets, and the errors of connections that cannot be made.

use iotflow::{Client, Code, Config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const OTHER_FORMS: [&str; 12] = [
    "",
    "localhost",
    "localhost:",
    "localhost:0",
    "localhost:+1",
    "localhost:65536",
    "http://localhost:50051",
    "dns:///localhost:50051",
    "user@localhost:50051",
    "::1:50051",
    "[::g]:50051",
    "[127.0.0.1]:50051",
];

#[test]
fn another_form_is_an_error_at_once() {
    for target in OTHER_FORMS {
        let error = Client::new(target, Config::default()).err().expect(target);
        assert_eq!((error.code, error.field.as_str(), error.retryable), (Code::InvalidArgument, "target", false));
        assert!(error.message.contains("host:port"), "{error}");
    }
}

#[test]
fn a_name_or_an_address_with_a_port_is_a_target() {
    for target in ["localhost:1", "iot_server.example.com:65535", "127.0.0.1:50051", "[2001:db8::1]:50051"] {
        assert!(Client::new(target, Config::default()).is_ok(), "{target}");
    }
}

#[tokio::test]
async fn the_error_of_a_connection_names_the_target_and_the_cause() {
    let client = Client::new("127.0.0.1:1", Config::default()).unwrap();
    let error = client.latest(1, &[]).await.unwrap_err();
    assert!(error.message.contains("127.0.0.1:1 failed: Connection refused"), "{error}");
}

#[tokio::test]
async fn a_port_of_another_protocol_is_named_as_such() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(port.local_addr().unwrap().to_string(), Config::default()).unwrap();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = port.accept().await.unwrap();
        let mut first = [0; 24];
        stream.read_exact(&mut first).await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
    });
    let error = client.latest(1, &[]).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::Unavailable, true));
    assert!(error.message.contains("does not speak HTTP/2"), "{error}");
    answering.await.unwrap();
}
