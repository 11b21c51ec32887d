//! Commands to a device.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::stream::unfold;
use prost_types::Struct;
use tokio::sync::Notify;
use tokio::sync::mpsc::{Sender, channel};
use tonic::{Response, Status, Streaming};
use tracing::warn;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::following::{Source, follow};
use crate::handlers;
use crate::json::{self, Object};
use crate::v1::stream_commands_response::Event;
use crate::v1::{Command, CommandReceipt, StreamCommandsRequest, StreamCommandsResponse};
use crate::words::command_outcome::{FAILED, SUCCEEDED};

/// The number of commands whose results are kept, to answer repeated deliveries.
const KEPT_RESULTS: usize = 1000;
/// Together with the one that the handler has, the commands that wait are among those that are kept.
const MOST_WAITING: usize = KEPT_RESULTS - 1;
/// The server takes no larger results. The message of a failure has fewer bytes, whatever its characters are.
const LARGEST_RESULT: usize = 65_536;
const LONGEST_FAILURE: usize = 4096;

impl Client {
    /// Hands commands to the handler, one after the other and each once, and sends their results, which have at most 65,536
    /// bytes as JSON. The error of a handler is logged, and reported as `failed` with its message. So is a panic. It connects
    /// again after failures, and returns the error that no retry mends.
    pub async fn handle_commands<Handler, Outcome, E>(&self, handler: Handler) -> Error
    where
        Handler: Fn(Command) -> Outcome,
        Outcome: Future<Output = std::result::Result<Object, E>>,
        E: Display,
    {
        let commands = Arc::new(Commands::default());
        let mut stream = follow(self.clone(), Exchange(Arc::clone(&commands)));
        tokio::select! {
            ended = stream.next() => match ended {
                Some(Err(error)) => error,
                Some(Ok(never)) => match never {},
                None => Error::stream_ended(),
            },
            never = commands.execute(handler) => match never {},
        }
    }
}

/// The commands that wait for the handler, and the results of the last ones.
#[derive(Default)]
struct Commands {
    state: Mutex<State>,
    arrived: Notify,
    /// The handler has got a command.
    begun: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Command>,
    /// None: the command has no result yet. `order` has the keys, oldest first.
    results: HashMap<i64, Option<StreamCommandsRequest>>,
    order: VecDeque<i64>,
    /// The results that the server could not store, at most one of a command.
    again: VecDeque<StreamCommandsRequest>,
    /// To the present stream.
    outgoing: Option<Sender<StreamCommandsRequest>>,
}

impl Commands {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Calls the handler for each command.
    async fn execute<Handler, Outcome, E>(&self, handler: Handler) -> Infallible
    where
        Handler: Fn(Command) -> Outcome,
        Outcome: Future<Output = std::result::Result<Object, E>>,
        E: Display,
    {
        loop {
            let next = self.state().waiting.pop_front();
            let Some(command) = next else {
                self.arrived.notified().await;
                continue;
            };
            self.begun.notify_one();
            let id = command.id;
            let outcome = handlers::outcome(async { handler(command).await.map_err(|error| error.to_string()) }).await;
            self.finish(report(id, outcome.flatten())).await;
        }
    }

    /// Queues a new command, and answers one whose result is known.
    fn take(&self, command: Command) {
        let mut state = self.state();
        if let Some(known) = state.results.get(&command.id) {
            if let Some(result) = known.clone() {
                state.send(result);
            }
            return;
        }
        state.results.insert(command.id, None);
        state.order.push_back(command.id);
        if state.order.len() > KEPT_RESULTS
            && let Some(oldest) = state.order.pop_front()
        {
            state.results.remove(&oldest);
        }
        state.waiting.push_back(command);
        self.arrived.notify_one();
    }

    /// Waits until another command may wait for the handler. Until then the server keeps it.
    async fn wait_for_room(&self) {
        while self.state().waiting.len() >= MOST_WAITING {
            self.begun.notified().await;
        }
    }

    /// Keeps a result, and waits until the present stream takes it or ends.
    async fn finish(&self, result: StreamCommandsRequest) {
        let outgoing = {
            let mut state = self.state();
            if let Some(known) = state.results.get_mut(&result.command_id) {
                *known = Some(result.clone());
            }
            state.outgoing.clone()
        };
        if let Some(outgoing) = outgoing {
            // What a stream does not send is asked for again: the server delivers the command once more.
            let _ = outgoing.send(result).await;
        }
    }

    /// Lets a command fail whose result the server rejects for good: without another answer, it would stay open.
    fn give_up(&self, receipt: &CommandReceipt) {
        let CommandReceipt { command_id, reason, message, .. } = receipt;
        warn!(command = command_id, reason, error = message, "result_rejected");
        let mut state = self.state();
        if let Some(Some(result)) = state.results.get_mut(command_id)
            && result.state == SUCCEEDED
        {
            *result = failed(*command_id, message);
            let result = result.clone();
            state.send(result);
        }
    }

    fn repeat_later(&self, command_id: i64) {
        let mut state = self.state();
        let Some(result) = state.results.get(&command_id).cloned().flatten() else {
            return;
        };
        state.again.retain(|other| other.command_id != command_id);
        state.again.push_back(result);
        if state.again.len() > KEPT_RESULTS {
            state.again.pop_front();
        }
    }
}

impl State {
    /// Sends a result where the present stream has room for it.
    fn send(&self, result: StreamCommandsRequest) {
        if let Some(outgoing) = &self.outgoing {
            let _ = outgoing.try_send(result);
        }
    }
}

/// What the server gets about a command.
fn report(command_id: i64, outcome: std::result::Result<Object, String>) -> StreamCommandsRequest {
    match outcome.map(json::message).and_then(checked) {
        Ok(result) => StreamCommandsRequest { command_id, state: SUCCEEDED.to_owned(), result: Some(result) },
        Err(error) => {
            warn!(command = command_id, error, "command_failed");
            failed(command_id, &error)
        }
    }
}

/// The result, or why the server would not take it.
fn checked(result: Struct) -> std::result::Result<Struct, String> {
    match json::size(result.clone()) {
        ..=LARGEST_RESULT => Ok(result),
        size => Err(format!("The result has {size} bytes as JSON; {LARGEST_RESULT} are the limit.")),
    }
}

/// A failure with the message as far as the server takes it.
fn failed(command_id: i64, message: &str) -> StreamCommandsRequest {
    let message: String = message.chars().take(LONGEST_FAILURE).collect();
    let result = Object::from_iter([("error".to_owned(), message.into())]);
    StreamCommandsRequest { command_id, state: FAILED.to_owned(), result: Some(json::message(result)) }
}

/// Results go out, commands and receipts come in.
struct Exchange(Arc<Commands>);

impl Source for Exchange {
    type Answer = StreamCommandsResponse;
    type Item = Infallible;

    const NAME: &'static str = "commands";

    async fn open(&mut self, client: &Client) -> std::result::Result<Response<Streaming<Self::Answer>>, Status> {
        let (outgoing, results) = channel(KEPT_RESULTS);
        {
            let mut state = self.0.state();
            state.outgoing = Some(outgoing);
            for result in std::mem::take(&mut state.again) {
                state.send(result);
            }
        }
        let results = unfold(results, |mut results| async { Some((results.recv().await?, results)) });
        client.device().stream_commands(results).await
    }

    async fn ready(&self) {
        self.0.wait_for_room().await;
    }

    fn take(&mut self, answer: StreamCommandsResponse) -> Result<Option<Infallible>> {
        match answer.event {
            Some(Event::Command(command)) => self.0.take(command),
            Some(Event::Receipt(receipt)) if receipt.retryable => self.0.repeat_later(receipt.command_id),
            Some(Event::Receipt(receipt)) if !receipt.reason.is_empty() => self.0.give_up(&receipt),
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn command(id: i64) -> Command {
        Command { id, ..Command::default() }
    }

    #[tokio::test]
    async fn a_command_is_handed_over_once_and_answered_again() {
        let commands = Commands::default();
        let (outgoing, mut results) = channel(KEPT_RESULTS);
        commands.state().outgoing = Some(outgoing);
        commands.take(command(7));
        commands.take(command(7));
        assert_eq!(commands.state().waiting.len(), 1);
        assert!(results.try_recv().is_err());
        commands.finish(report(7, Err("it is stuck".to_owned()))).await;
        commands.take(command(7));
        for _ in 0..2 {
            let result = results.try_recv().unwrap();
            assert_eq!((result.command_id, result.state.as_str()), (7, FAILED));
        }
    }

    /// A receipt of a command that was executed before.
    async fn receive_retryable(commands: &Commands, id: i64) {
        commands.take(command(id));
        commands.finish(report(id, Err("it is stuck".to_owned()))).await;
        commands.repeat_later(id);
    }

    #[tokio::test]
    async fn a_result_is_sent_again_once_and_the_oldest_are_forgotten() {
        let commands = Commands::default();
        for id in 0..1500 {
            receive_retryable(&commands, id).await;
            commands.repeat_later(id);
        }
        let again: Vec<_> = commands.state().again.iter().map(|result| result.command_id).collect();
        assert_eq!(again, (500..1500).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_handler_that_is_behind_gets_no_more_commands() {
        let commands = Commands::default();
        for id in 0..999 {
            commands.wait_for_room().now_or_never().expect("there is room");
            commands.take(command(id));
        }
        assert!(commands.wait_for_room().now_or_never().is_none());
        let executing = commands.execute(|_| std::future::pending::<std::result::Result<Object, &str>>());
        assert!(executing.now_or_never().is_none());
        commands.wait_for_room().now_or_never().expect("there is room");
        commands.take(command(999));
        commands.take(command(0));
        assert_eq!(commands.state().waiting.len(), 999, "the first command is executed once");
    }

    #[tokio::test]
    async fn a_stream_that_takes_nothing_holds_the_handler_up() {
        let commands = Commands::default();
        let (outgoing, _results) = channel(KEPT_RESULTS);
        commands.state().outgoing = Some(outgoing);
        for id in 0..1000 {
            commands.finish(report(id, Err("it is stuck".to_owned()))).await;
        }
        let another = tokio::task::unconstrained(commands.finish(report(1000, Err("it is stuck".to_owned()))));
        assert!(another.now_or_never().is_none());
    }

    fn message(result: StreamCommandsRequest) -> (String, String) {
        let object = json::object(result.result.unwrap());
        (result.state, object["error"].as_str().unwrap().to_owned())
    }

    fn text(letter: &str, count: usize) -> Object {
        Object::from_iter([("text".to_owned(), letter.repeat(count).into())])
    }

    #[test]
    fn a_result_beyond_the_limit_fails() {
        let rest = json::size(json::message(text("", 0)));
        assert_eq!(report(7, Ok(text("x", LARGEST_RESULT - rest))).state, SUCCEEDED);
        for (letter, count) in [("x", LARGEST_RESULT - rest + 1), ("ü", LARGEST_RESULT / 6)] {
            let (state, message) = message(report(7, Ok(text(letter, count))));
            assert_eq!(state, FAILED);
            assert!(message.contains("65536 are the limit"), "{message}");
        }
    }

    #[test]
    fn the_message_of_a_failure_is_cut_off() {
        let (_, message) = message(report(7, Err("ü".repeat(5000))));
        assert_eq!(message, "ü".repeat(4096));
    }

    #[tokio::test]
    async fn a_handler_that_panics_fails_its_command_only() {
        let commands = Commands::default();
        let (outgoing, mut results) = channel(KEPT_RESULTS);
        commands.state().outgoing = Some(outgoing);
        for id in [1, 2] {
            commands.take(command(id));
        }
        let executing = commands.execute(|command| {
            assert_ne!(command.id, 1, "the handler is broken");
            async move {
                assert_ne!(command.id, 2, "its future is broken");
                Ok::<_, String>(Object::new())
            }
        });
        assert!(executing.now_or_never().is_none());
        for (id, text) in [(1, "the handler is broken"), (2, "its future is broken")] {
            let result = results.try_recv().unwrap();
            assert_eq!(result.command_id, id);
            let (state, message) = message(result);
            assert_eq!(state, FAILED);
            assert!(message.contains(text), "{message}");
        }
    }

    #[tokio::test]
    async fn a_command_fails_whose_result_the_server_rejects() {
        let commands = Commands::default();
        let (outgoing, mut results) = channel(KEPT_RESULTS);
        commands.state().outgoing = Some(outgoing);
        let rejection = CommandReceipt {
            command_id: 7,
            reason: "RESULT_INVALID".to_owned(),
            message: "The number cannot be stored.".to_owned(),
            ..CommandReceipt::default()
        };
        commands.take(command(7));
        commands.finish(report(7, Ok(Object::new()))).await;
        assert_eq!(results.try_recv().unwrap().state, SUCCEEDED);
        commands.give_up(&rejection);
        let failure = message(results.try_recv().unwrap());
        assert_eq!(failure, (FAILED.to_owned(), rejection.message.clone()));
        commands.give_up(&rejection);
        assert!(results.try_recv().is_err(), "a failure is not answered again");
    }

    #[test]
    fn the_oldest_results_are_forgotten() {
        let commands = Commands::default();
        for id in 0..1500 {
            commands.take(command(id));
        }
        let state = commands.state();
        assert_eq!((state.results.len(), state.order.front().copied()), (KEPT_RESULTS, Some(500)));
    }
}
