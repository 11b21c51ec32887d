//! Keys are checked when they are given.

use iotflow::{Client, Code, Config, Error, WriterConfig};

use crate::server::Server;
use crate::support::{DEADLINE, NOWHERE, add, client_with};

const OTHER_FORMS: [&str; 5] = ["", "secret\n", "a secret", "s\u{e9}cret", "\tsecret"];

fn expect_invalid(error: &Error, field: &str) {
    assert_eq!((error.code, error.field.as_str(), error.retryable), (Code::InvalidArgument, field, false));
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_key_of_another_form_is_an_error_at_once() {
    for key in OTHER_FORMS.iter().copied().chain(["k".repeat(129).as_str()]) {
        expect_invalid(&Client::new(NOWHERE, Config::with_api_key(key)).err().expect(key), "api_key");
        expect_invalid(&client_with(NOWHERE, "right").set_api_key(key).unwrap_err(), "api_key");
    }
    for token in OTHER_FORMS.iter().copied().chain(["t".repeat(4097).as_str()]) {
        expect_invalid(&Client::new(NOWHERE, Config::with_token(token)).err().expect(token), "token");
    }
    assert!(Client::new(NOWHERE, Config::with_api_key("k".repeat(128))).is_ok());
    assert!(Client::new(NOWHERE, Config::with_token("t".repeat(4096))).is_ok());
}

#[tokio::test]
async fn an_answer_of_the_handler_of_another_form_stops_the_writer_with_the_error() -> Result<(), Error> {
    for answer in OTHER_FORMS {
        let server = Server::start().await;
        server.state().key = Some("right".to_owned());
        let config =
            Config::with_api_key("wrong").on_credential_wanted(move |_| async move { Some(answer.to_owned()) });
        let writer = Client::new(&server.target, config)?.writer(WriterConfig::default()).await?;
        // The writer may have stopped already.
        let added = add(&writer, "level", 10).await;
        expect_invalid(&added.and(writer.flush(DEADLINE).await).unwrap_err(), "api_key");
    }
    Ok(())
}
