//! Answers that the service did not give, wishes for a pause, and large answers.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use iotflow::v1::GetLatestTelemetryRequest;
use iotflow::v1::telemetry_service_client::TelemetryServiceClient;
use iotflow::{
    Client, Code, Config, Error, Event, Metrics, Object, ReadQuery, Row, SubscribeQuery, WriterConfig, reason,
};
use tokio::sync::Notify;
use tokio::time::timeout;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::server::Server;
use crate::statuses;
use crate::support::{DEADLINE, Seen, add, client, in_folder};
use crate::test_folder::TestFolder;

/// Pages of a captive portal or of a proxy.
const PAGES: [u16; 7] = [200, 302, 401, 403, 404, 407, 502];

/// A client that reports the questions for a key, and the statuses of interruptions.
struct Watched {
    client: Client,
    questions: Seen<Error>,
    interruptions: Seen<Error>,
    interrupted: Arc<Notify>,
}

struct Interruptions(Seen<Error>, Arc<Notify>);

impl Metrics for Interruptions {
    fn interrupted(&self, error: &Error, _: Duration) {
        self.0.add(error.clone());
        self.1.notify_one();
    }
}

fn watched(target: &str) -> Watched {
    let (questions, interruptions, interrupted) = (Seen::new(), Seen::new(), Arc::new(Notify::new()));
    let asked = questions.clone();
    let mut config = Config::with_api_key("right").on_credential_wanted(move |error| {
        asked.add(error);
        async { None }
    });
    config.metrics = Some(Arc::new(Interruptions(interruptions.clone(), Arc::clone(&interrupted))));
    Watched { client: Client::new(target, config).unwrap(), questions, interruptions, interrupted }
}

impl Watched {
    /// Lets the service answer after the first interruption.
    async fn log_in(&self, server: &Server) {
        timeout(DEADLINE, self.interrupted.notified()).await.expect("an interruption");
        server.state().page = None;
    }

    fn expect_breaks(&self, page: u16) {
        assert!(self.questions.take().is_empty(), "{page}: the application was asked for a key");
        for error in self.interruptions.take() {
            assert!(error.retryable && error.reason.is_empty(), "{page}: {error:?}");
            assert_eq!(error.code, Code::Unavailable, "{page}: {error}");
            assert!(error.message.contains(&format!("a page of HTTP with the status {page}")), "{error}");
        }
    }
}

#[tokio::test]
async fn a_page_is_a_break_of_a_writer() -> Result<(), Error> {
    for page in PAGES {
        let (server, folder) = (Server::start().await, TestFolder::new());
        for config in [WriterConfig::default(), in_folder(&folder)] {
            server.state().page = Some(page);
            let watched = watched(&server.target);
            let writer = watched.client.writer(config).await?;
            add(&writer, "level", 10).await?;
            watched.log_in(&server).await;
            writer.close(DEADLINE).await?;
            watched.expect_breaks(page);
        }
        assert_eq!(server.sequences(), [1, 1], "{page}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_is_a_break_of_every_stream() {
    for page in PAGES {
        let server = Server::start().await;
        let watched = watched(&server.target);
        let mut events = watched.client.subscribe(SubscribeQuery::default());
        let subscribed =
            async { while !matches!(events.next().await.expect("an event").expect("no end"), Event::Subscribed(_)) {} };
        let mut versions = watched.client.watch_config();
        let configured = async {
            versions.next().await.expect("a version").expect("no end");
        };
        let executed = Notify::new();
        let commands = watched.client.handle_commands(|_| {
            executed.notify_one();
            async { Ok::<_, Error>(Object::new()) }
        });
        let commanded = async {
            tokio::select! {
                error = commands => panic!("{error}"),
                () = executed.notified() => {}
            }
        };
        let streams: [(&str, LocalBoxFuture<'_, ()>); 3] =
            [("subscribe", Box::pin(subscribed)), ("config", Box::pin(configured)), ("commands", Box::pin(commanded))];
        for (name, stream) in streams {
            server.state().page = Some(page);
            let both = async { tokio::join!(stream, watched.log_in(&server)) };
            timeout(DEADLINE, both).await.unwrap_or_else(|_| panic!("{name} does not go on after {page}"));
            watched.expect_breaks(page);
        }
    }
}

/// As a proxy gives it, in the form of gRPC.
#[tokio::test]
async fn a_status_without_details_is_a_break() -> Result<(), Error> {
    for code in [Code::Unauthenticated, Code::PermissionDenied, Code::Unimplemented] {
        let server = Server::start().await;
        server.state().status = Some(Status::new(code, "Something is in between."));
        let watched = watched(&server.target);
        let writer = watched.client.writer(WriterConfig::default()).await?;
        add(&writer, "level", 10).await?;
        timeout(DEADLINE, watched.interrupted.notified()).await.expect("an interruption");
        server.state().status = None;
        writer.close(DEADLINE).await?;
        assert!(watched.questions.take().is_empty(), "{code:?}");
        assert!(watched.interruptions.take().iter().all(|error| error.code == Code::Unavailable), "{code:?}");
    }
    Ok(())
}

/// What is read must not end early without a word.
#[tokio::test]
async fn a_page_is_an_error_of_a_call() {
    let server = Server::start().await;
    let client = client(&server.target);
    for (page, code) in [(200, Code::Unavailable), (403, Code::PermissionDenied), (500, Code::Unavailable)] {
        server.state().page = Some(page);
        assert_eq!(client.latest(0, &[]).await.unwrap_err().code, code, "{page}");
        let read = client.read(ReadQuery::default()).next().await.expect("an error").unwrap_err();
        assert_eq!(read.code, code, "{page}");
    }
}

#[tokio::test]
async fn the_error_of_a_page_says_what_to_check() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().page = Some(403);
    let watched = watched(&server.target);
    let writer = watched.client.writer(WriterConfig::default()).await?;
    watched.log_in(&server).await;
    let error = watched.interruptions.take().remove(0);
    for part in ["PERMISSION_DENIED", "403", "not the service's", "proxy"] {
        assert!(error.message.contains(part), "{error}");
    }
    writer.close(DEADLINE).await
}

#[tokio::test]
async fn a_wish_for_a_pause_is_bounded() -> Result<(), Error> {
    let hour = Duration::from_secs(3600);
    let header = |value: &str| {
        let mut metadata = MetadataMap::new();
        metadata.insert("retry-after", value.parse().unwrap());
        Status::with_metadata(tonic::Code::Unavailable, "busy", metadata)
    };
    for (status, added) in [
        (header("7"), Duration::from_secs(7)),
        (header("-7"), Duration::ZERO),
        (header("Wed, 21 Oct 2026 07:28:00 GMT"), Duration::ZERO),
        (header("3601"), hour),
        (header("18446744073709551615"), hour),
        (header("99999999999999999999999999"), hour),
        (statuses::unavailable_for(7), Duration::from_secs(7)),
        (statuses::unavailable_for(-7), Duration::ZERO),
        (statuses::unavailable_for(i64::MIN), Duration::ZERO),
        (statuses::unavailable_for(i64::MAX), hour),
    ] {
        let server = Server::start().await;
        server.state().status = Some(status.clone());
        let (pauses, interrupted) = (Seen::new(), Arc::new(Notify::new()));
        let (seen, notified) = (pauses.clone(), Arc::clone(&interrupted));
        let config = WriterConfig::default().on_interrupted(move |_, pause| {
            seen.add(pause);
            notified.notify_one();
        });
        let writer = client(&server.target).writer(config).await?;
        timeout(DEADLINE, interrupted.notified()).await.expect("an interruption");
        let pause = pauses.take()[0];
        let own = Duration::from_millis(100)..=Duration::from_millis(200);
        assert!(pause >= added && own.contains(&(pause - added)), "{pause:?} after {status:?}");
        drop(writer);
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_may_have_many_megabytes() -> Result<(), Error> {
    let server = Server::start().await;
    let client = client(&server.target);
    let text = "x".repeat(20 << 20);
    let writer = client.writer(WriterConfig { batch_bytes: 32 << 20, ..WriterConfig::default() }).await?;
    writer.add(Row::new(&[("log", text.as_str().into())])).await?;
    writer.close(DEADLINE).await?;
    assert_eq!(client.latest(0, &[]).await?.values["log"], text.as_str());
    let mut stub = TelemetryServiceClient::new(client.channel());
    let answer = stub.get_latest_telemetry(GetLatestTelemetryRequest::default()).await?.into_inner();
    assert_eq!(answer.latest_data.and_then(|mut data| data.fields.remove("log")).map(text_of), Some(text));
    Ok(())
}

#[tokio::test]
async fn a_larger_answer_is_an_error_of_this_client() -> Result<(), Error> {
    let server = Server::start().await;
    server.state().latest = Some("x".repeat((64 << 20) + 1));
    let error = client(&server.target).latest(0, &[]).await.unwrap_err();
    assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, reason::ANSWER_TOO_LARGE), "{error}");
    assert!(!error.retryable);
    Ok(())
}

fn text_of(value: prost_types::Value) -> String {
    match value.kind {
        Some(prost_types::value::Kind::StringValue(text)) => text,
        other => panic!("{other:?}"),
    }
}
