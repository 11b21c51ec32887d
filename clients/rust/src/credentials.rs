//! What identifies the caller.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::client::Config;
use crate::error::{Error, Result};
use crate::handlers;
use crate::key::{self, Key};

/// Asks the application for a new key.
pub type CredentialHandler = Arc<dyn Fn(Error) -> NewKey + Send + Sync>;

/// A new key, or none.
pub type NewKey = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// The credentials of the next call.
pub struct Credentials {
    handler: Option<CredentialHandler>,
    token: Option<HeaderValue>,
    state: Mutex<State>,
    /// Held by the caller that asks the application.
    asking: tokio::sync::Mutex<()>,
}

struct State {
    key: Key,
    /// Whether the key is an answer of the handler that the server has not accepted yet.
    is_unproven: bool,
    /// Between questions, while the server accepts no answer.
    pauses: Backoff,
}

impl State {
    fn reset_pauses(&mut self) {
        self.is_unproven = false;
        self.pauses.reset();
    }
}

impl Credentials {
    pub fn new(config: &Config) -> Result<Self> {
        let key = Key::first(config.api_key.as_deref())?;
        Ok(Self {
            handler: config.on_credential_wanted.clone(),
            token: config.token.as_deref().map(key::token_header).transpose()?,
            state: Mutex::new(State { key, is_unproven: false, pauses: Backoff::default() }),
            asking: tokio::sync::Mutex::new(()),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The key of the next call.
    pub fn key(&self) -> Key {
        self.state().key.clone()
    }

    /// Replaces the key by one of the application.
    pub fn set(&self, api_key: &str) -> Result<()> {
        let mut state = self.state();
        state.key = state.key.next(api_key)?;
        state.reset_pauses();
        Ok(())
    }

    /// Records that the server accepts the key of a generation: the next question comes without a pause.
    pub fn accepted(&self, generation: u64) {
        let mut state = self.state();
        if state.key.generation == generation {
            state.reset_pauses();
        }
    }

    pub fn generation(&self) -> u64 {
        self.state().key.generation
    }

    /// Adds the credentials to the headers of a call.
    pub fn attach(&self, key: &Key, headers: &mut HeaderMap) {
        key.attach(headers);
        key::attach_token(self.token.as_ref(), headers);
    }

    /// Whether the caller is a device: a token is of nobody that writes without naming the device.
    pub fn is_device(&self, key: &Key) -> bool {
        key.is_given() || self.token.is_none()
    }

    /// Returns when there is a newer key than that of the rejected generation, which the handler is asked for if need be.
    /// Callers of the same generation ask once.
    ///
    /// # Errors
    ///
    /// The error of the rejected key where there is no other, which names a panic of the handler, and `INVALID_ARGUMENT`
    /// where the handler's answer is no key.
    pub async fn renew(&self, generation: u64, rejected: Error) -> Result<()> {
        let _asking = self.asking.lock().await;
        if self.generation() != generation {
            return Ok(());
        }
        let Some(handler) = &self.handler else {
            return Err(rejected);
        };
        let pause = self.pause(&rejected);
        if !pause.is_zero() {
            sleep(pause).await;
        }
        if self.generation() != generation {
            // The application has replaced it during the pause.
            return Ok(());
        }
        let answer = match handlers::outcome(async { handler(rejected.clone()).await }).await {
            Ok(answer) => answer.ok_or(rejected)?,
            Err(panic) => {
                handlers::log("on_credential_wanted", &panic);
                return Err(rejected.with(&format!("The credential handler failed: {panic}.")));
            }
        };
        let mut state = self.state();
        state.key = state.key.next(&answer)?;
        state.is_unproven = true;
        Ok(())
    }

    /// The time until the next question: none before the first one.
    fn pause(&self, rejected: &Error) -> Duration {
        let mut state = self.state();
        if state.is_unproven { state.pauses.next(rejected.retry_after) } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures_util::FutureExt;
    use tokio::time::Instant;
    use tonic::Code;

    use super::*;

    /// Credentials whose handler counts the questions, and gives the answers in turn and then the last one.
    struct Asking {
        credentials: Credentials,
        asked: Arc<AtomicUsize>,
    }

    fn asking(answers: &'static [&'static str]) -> Asking {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let mut config = Config::default().on_credential_wanted(move |_| {
            let answer = answers[count.fetch_add(1, Relaxed).min(answers.len() - 1)];
            async move { Some(answer.to_owned()) }
        });
        config.api_key = Some("old".to_owned());
        Asking { credentials: Credentials::new(&config).unwrap(), asked }
    }

    fn wrong_key() -> Error {
        Error::new(Code::Unauthenticated, "wrong")
    }

    impl Asking {
        /// The key that calls carry.
        fn key(&self) -> String {
            let mut headers = HeaderMap::new();
            self.credentials.attach(&self.credentials.key(), &mut headers);
            headers["x-api-key"].to_str().unwrap().to_owned()
        }

        /// Asks for another key, which takes a pause of at most so many milliseconds and at least the half of them.
        async fn expect_pause(&self, longest: u64) {
            self.expect_pause_after(&wrong_key(), Duration::from_millis(longest)).await;
        }

        async fn expect_pause_after(&self, rejected: &Error, longest: Duration) {
            let (began, before) = (Instant::now(), self.asked.load(Relaxed));
            self.credentials.renew(self.credentials.generation(), rejected.clone()).await.unwrap();
            assert_eq!(self.asked.load(Relaxed), before + 1);
            let pause = began.elapsed().saturating_sub(rejected.retry_after.unwrap_or_default());
            // The timer has a resolution of a millisecond.
            assert!(longest / 2 <= pause && pause <= longest + Duration::from_millis(1), "{pause:?} of {longest:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn questions_whose_answers_are_rejected_come_after_pauses() {
        for answers in [&["old"] as &[_], &["new"], &["new", "newer", "new", "newer"]] {
            let asking = asking(answers);
            for longest in [0, 200, 400, 800] {
                asking.expect_pause(longest).await;
            }
            let limited = Error { retry_after: Some(Duration::from_secs(7)), ..wrong_key() };
            let began = Instant::now();
            asking.expect_pause_after(&limited, Duration::from_millis(1600)).await;
            assert!(began.elapsed() >= Duration::from_secs(7));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_question_after_an_accepted_key_comes_at_once() {
        let asking = asking(&["1", "2", "3", "4", "5"]);
        asking.expect_pause(0).await;
        let former = asking.credentials.generation();
        asking.expect_pause(200).await;
        // A stream with the key before tells nothing about the present one.
        asking.credentials.accepted(former);
        asking.expect_pause(400).await;
        asking.credentials.accepted(asking.credentials.generation());
        asking.expect_pause(0).await;
        asking.expect_pause(200).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_question_after_a_key_of_the_application_comes_at_once() {
        let asking = asking(&["1", "2", "3"]);
        asking.expect_pause(0).await;
        asking.expect_pause(200).await;
        asking.credentials.set("rotated").unwrap();
        asking.expect_pause(0).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_of_the_application_during_the_pause_is_used_without_a_question() {
        let asking = asking(&["1"]);
        asking.expect_pause(0).await;
        let mut renewing = Box::pin(asking.credentials.renew(asking.credentials.generation(), wrong_key()));
        assert!(renewing.as_mut().now_or_never().is_none());
        asking.credentials.set("rotated").unwrap();
        renewing.await.unwrap();
        assert_eq!((asking.asked.load(Relaxed), asking.key().as_str()), (1, "rotated"));
    }

    #[tokio::test]
    async fn an_answer_of_another_form_is_no_key() {
        let asking = asking(&["secret\n"]);
        let error = asking.credentials.renew(0, wrong_key()).await.unwrap_err();
        assert_eq!((error.code, error.field.as_str()), (Code::InvalidArgument, "api_key"));
        assert!(!error.message.contains("secret"), "{error}");
        assert_eq!((asking.credentials.generation(), asking.key().as_str()), (0, "old"));
    }
}
