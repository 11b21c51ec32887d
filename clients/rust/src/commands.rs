//! Commands to a device.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::stream::unfold;
use tokio::sync::Notify;
use tokio::sync::mpsc::{Sender, channel};
use tonic::{Response, Status, Streaming};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::following::{Source, follow};
use crate::json::{self, Object};
use crate::v1::stream_commands_response::Event;
use crate::v1::{Command, StreamCommandsRequest, StreamCommandsResponse};
use crate::words::command_outcome::{FAILED, SUCCEEDED};

/// The number of commands whose results are kept, to answer repeated deliveries.
const KEPT_RESULTS: usize = 1000;
/// Together with the one that the handler has, the commands that wait are among those that are kept.
const MOST_WAITING: usize = KEPT_RESULTS - 1;

impl Client {
    /// Hands commands to the handler, one after the other and each once, and sends their results. The error of a handler is
    /// reported as `failed` with its message. It connects again after failures, and returns the error that no retry mends.
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
            let outcome = handler(command).await;
            self.finish(report(id, outcome)).await;
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
fn report<E: Display>(command_id: i64, outcome: std::result::Result<Object, E>) -> StreamCommandsRequest {
    let (state, result) = match outcome {
        Ok(result) => (SUCCEEDED, result),
        Err(error) => (FAILED, Object::from_iter([("error".to_owned(), error.to_string().into())])),
    };
    StreamCommandsRequest { command_id, state: state.to_owned(), result: Some(json::message(result)) }
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
        commands.finish(report(7, Err("it is stuck"))).await;
        commands.take(command(7));
        for _ in 0..2 {
            let result = results.try_recv().unwrap();
            assert_eq!((result.command_id, result.state.as_str()), (7, FAILED));
        }
    }

    /// A receipt of a command that was executed before.
    async fn receive_retryable(commands: &Commands, id: i64) {
        commands.take(command(id));
        commands.finish(report(id, Err("it is stuck"))).await;
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
            commands.finish(report(id, Err("it is stuck"))).await;
        }
        let another = tokio::task::unconstrained(commands.finish(report(1000, Err("it is stuck"))));
        assert!(another.now_or_never().is_none());
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
