//! Streams that go on after a break.

use std::future::Future;
use std::time::Duration;

use futures_util::stream::try_unfold;
use tokio::time::sleep;
use tonic::metadata::MetadataMap;
use tonic::{Response, Status, Streaming};
use tracing::warn;

use crate::backoff::Backoff;
use crate::client::Client;
use crate::error::{Error, Result, status_word};
use crate::items::Items;

/// What opens a stream, and reads its answers.
pub trait Source: Send + Sync + 'static {
    type Answer: Send + 'static;
    type Item: Send + 'static;

    /// The name in log events.
    const NAME: &'static str;

    /// Opens the next stream.
    fn open(
        &mut self,
        client: &Client,
    ) -> impl Future<Output = std::result::Result<Response<Streaming<Self::Answer>>, Status>> + Send;

    /// Waits until another answer may come.
    fn ready(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// What the application gets of an answer, or the error that ends the stream.
    fn take(&mut self, answer: Self::Answer) -> Result<Option<Self::Item>>;

    /// What the application gets of a break.
    fn interrupted(&mut self, _error: Error, _pause: Duration) -> Option<Self::Item> {
        None
    }
}

/// Runs one stream after the other. Errors that no retry mends end the items.
pub fn follow<S: Source>(client: Client, source: S) -> Items<S::Item> {
    let following = Following { client, source, call: None, generation: 0, pauses: Backoff::default(), pause: None };
    Items::new(try_unfold(following, |mut following| async { Ok(Some((following.next().await?, following))) }))
}

struct Following<S: Source> {
    client: Client,
    source: S,
    call: Option<Call<S::Answer>>,
    /// Of the key that the present stream was opened with.
    generation: u64,
    pauses: Backoff,
    pause: Option<Duration>,
}

struct Call<Answer> {
    answers: Streaming<Answer>,
    metadata: MetadataMap,
}

impl<S: Source> Following<S> {
    async fn next(&mut self) -> Result<S::Item> {
        loop {
            if let Some(pause) = self.pause.take() {
                sleep(pause).await;
            }
            let item = match self.receive().await {
                Ok(item) => item,
                Err(error) => {
                    self.call = None;
                    self.recover(error).await?
                }
            };
            if let Some(item) = item {
                return Ok(item);
            }
        }
    }

    async fn receive(&mut self) -> Result<Option<S::Item>> {
        let call = match &mut self.call {
            Some(call) => call,
            None => {
                self.generation = self.client.connection.credentials.generation();
                let (metadata, answers, _) = self.source.open(&self.client).await?.into_parts();
                self.call.insert(Call { answers, metadata })
            }
        };
        self.source.ready().await;
        let answer = call.answers.message().await.map_err(|status| {
            let mut error = Error::from(status);
            error.complete(&call.metadata);
            error
        })?;
        let answer = answer.ok_or_else(Error::stream_ended)?;
        self.pauses.reset();
        self.client.connection.credentials.accepted(self.generation);
        self.source.take(answer)
    }

    /// Prepares the next stream, or returns the error where there is none.
    async fn recover(&mut self, error: Error) -> Result<Option<S::Item>> {
        let error = error.of_stream();
        if error.wants_credential() {
            self.client.connection.credentials.renew(self.generation, error).await?;
            return Ok(None);
        }
        if !error.is_interruption() {
            return Err(error);
        }
        let pause = self.pauses.next(error.retry_after);
        let code = status_word(error.code);
        warn!(stream = S::NAME, code, reason = error.reason, error = error.message, ?pause, "stream_interrupted");
        self.client.metrics.interrupted(&error, pause);
        self.pause = Some(pause);
        Ok(self.source.interrupted(error, pause))
    }
}
