//! From the queue to the server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::unfold;
use tokio::time::sleep;
use tonic::Request;
use tonic::codegen::http::uri::PathAndQuery;
use tracing::warn;

use crate::backoff::Backoff;
use crate::batch_codec::BatchCodec;
use crate::channel::Channel;
use crate::error::Error;
use crate::key::Key;
use crate::shared::{Phase, Shared};
use crate::v1::{Rejection, StreamTelemetryResponse};

/// Bounds the end of a stream of which everything is acknowledged.
const END_TIMEOUT: Duration = Duration::from_secs(1);

const METHOD: &str = "/iotflow.v1.TelemetryService/StreamTelemetry";

/// What outlives a stream.
#[derive(Default)]
struct Sender {
    pauses: Backoff,
    /// Until this batch is acknowledged or given up, batches are sent one by one, to find the one that ends the stream.
    alone_until: i64,
}

impl Shared {
    /// Runs one stream after the other until the writer ends.
    pub async fn send(self: Arc<Self>) {
        tokio::select! {
            biased;
            _ = self.ended() => {}
            () = self.run_streams() => {}
        }
    }

    async fn run_streams(self: &Arc<Self>) {
        let mut sender = Sender::default();
        while self.is_running() {
            let key = self.client.connection.credentials.key();
            let error = self.run_stream(&mut sender, &key).await;
            if self.is_running()
                && let Err(error) = self.recover(&mut sender, error, key.generation).await
            {
                self.fail(error);
            }
        }
    }

    fn is_running(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Running)
    }

    /// Prepares the next stream, or returns the error that stops the writer.
    async fn recover(&self, sender: &mut Sender, error: Error, generation: u64) -> Result<(), Error> {
        let error = error.of_stream();
        if error.wants_credential() {
            warn!(reason = error.reason, "credential_wanted");
            *self.failure.lock().unwrap() = Some(error.clone());
            return self.client.connection.credentials.renew(generation, error).await;
        }
        if error.blames_batch() && self.give_up(sender, &error).await {
            return Ok(());
        }
        if !error.is_interruption() {
            return Err(error);
        }
        let pause = sender.pauses.next(error.retry_after);
        self.interrupted(&error, pause);
        tokio::select! {
            () = sleep(pause) => {}
            () = self.ending() => {}
        }
        Ok(())
    }

    /// Removes the batch that ended the stream where it was alone, and otherwise lets the next batches be sent alone.
    async fn give_up(&self, sender: &mut Sender, error: &Error) -> bool {
        let Some((count, first, highest)) = self.queue.on_the_way() else {
            return false;
        };
        if count > 1 {
            sender.alone_until = highest;
            return true;
        }
        self.rejected(Rejection {
            sequence: first.sequence,
            count: i32::try_from(first.rows).unwrap_or(i32::MAX),
            reason: error.word().to_owned(),
            message: error.message.clone(),
            ..Rejection::default()
        });
        self.queue.run(move |queue| queue.give_up(first.sequence)).await;
        self.report_queue();
        true
    }

    /// Runs one stream with a key to its end, and returns its error.
    async fn run_stream(self: &Arc<Self>, sender: &mut Sender, key: &Key) -> Error {
        self.queue.rewind();
        if self.queue.holds_back()
            && let Err(error) = self.claim(key).await
        {
            // Before the stream, so that a key that is wrong is shown to the server once.
            return error;
        }
        let end = async {
            self.ending().await;
            sleep(END_TIMEOUT).await;
        };
        tokio::select! {
            error = self.exchange(sender, key) => error,
            error = self.claim_later(key) => error,
            () = end => Error::stream_ended(),
        }
    }

    /// Sends batches, and reads acknowledgements until the stream ends.
    async fn exchange(self: &Arc<Self>, sender: &mut Sender, key: &Key) -> Error {
        let batches = unfold(Arc::clone(self), |shared| async {
            // The connection polls it, not the task of the writer.
            let payload = Arc::clone(&shared).guard(shared.next_payload()).await??;
            Some((payload, shared))
        });
        let channel = Channel::with_key(Arc::clone(&self.client.connection), key.clone());
        let mut call = tonic::client::Grpc::new(channel).max_decoding_message_size(crate::LARGEST_ANSWER);
        let path = PathAndQuery::from_static(METHOD);
        let answer = match call.streaming(Request::new(batches), path, BatchCodec).await {
            Ok(answer) => answer,
            Err(status) => return status.into(),
        };
        let metadata = answer.metadata().clone();
        let mut answers = answer.into_inner();
        loop {
            match answers.message().await {
                Ok(Some(answer)) => {
                    self.client.connection.credentials.accepted(key.generation);
                    self.take(sender, answer).await;
                }
                Ok(None) => return Error::stream_ended(),
                Err(status) => {
                    let mut error = Error::from(status);
                    error.complete(&metadata);
                    return error;
                }
            }
        }
    }

    async fn take(&self, sender: &mut Sender, answer: StreamTelemetryResponse) {
        sender.pauses.reset();
        *self.failure.lock().unwrap() = None;
        for rejection in answer.rejected {
            self.rejected(rejection);
        }
        self.acknowledged(answer.committed_sequence).await;
        if answer.committed_sequence >= sender.alone_until {
            sender.alone_until = 0;
            self.queue.widen(self.config.window);
        }
    }

    /// Counts the rows before they are removed, so that a flush that ends has them counted.
    async fn acknowledged(&self, sequence: i64) {
        let rows = self.queue.rows_up_to(sequence);
        if rows > 0 {
            self.status.lock().unwrap().acknowledged_rows += rows;
            self.client.metrics.rows_acknowledged(rows);
        }
        self.queue.run(move |queue| queue.acknowledge(sequence)).await;
        self.report_queue();
    }
}
