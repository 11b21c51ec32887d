//! What identifies the caller.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use tokio::time::sleep;
use tonic::Status;

use crate::backoff::Backoff;
use crate::client::Config;
use crate::error::Error;

/// Asks the application for a new key.
pub type CredentialHandler = Arc<dyn Fn(Error) -> NewKey + Send + Sync>;

/// A new key, or none.
pub type NewKey = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// The credentials of the next call.
pub struct Credentials {
    handler: Option<CredentialHandler>,
    token: Option<String>,
    key: Mutex<Key>,
    /// Held by the caller that asks the application.
    asking: tokio::sync::Mutex<()>,
}

/// A key. Generations count the keys.
struct Key {
    api_key: Option<String>,
    generation: u64,
    /// Whether it is an answer of the handler that the server has not accepted yet.
    is_unproven: bool,
    /// Between questions, while the server accepts no answer.
    pauses: Backoff,
}

impl Key {
    fn replace(&mut self, api_key: String) {
        self.api_key = Some(api_key);
        self.generation += 1;
    }

    fn reset_pauses(&mut self) {
        self.is_unproven = false;
        self.pauses.reset();
    }
}

impl Credentials {
    pub fn new(config: &Config) -> Self {
        Self {
            handler: config.on_credential_wanted.clone(),
            token: config.token.clone(),
            key: Mutex::new(Key {
                api_key: config.api_key.clone(),
                generation: 0,
                is_unproven: false,
                pauses: Backoff::default(),
            }),
            asking: tokio::sync::Mutex::new(()),
        }
    }

    /// Replaces the key by one of the application.
    pub fn set(&self, api_key: String) {
        let mut key = self.key.lock().unwrap();
        key.replace(api_key);
        key.reset_pauses();
    }

    /// Records that the server accepts the key of a generation: the next question comes without a pause.
    pub fn accepted(&self, generation: u64) {
        let mut key = self.key.lock().unwrap();
        if key.generation == generation {
            key.reset_pauses();
        }
    }

    pub fn generation(&self) -> u64 {
        self.key.lock().unwrap().generation
    }

    /// Adds the credentials to the headers of a call.
    pub fn attach(&self, headers: &mut HeaderMap) -> Result<(), Status> {
        if let Some(api_key) = self.key.lock().unwrap().api_key.as_deref().filter(|key| !key.is_empty()) {
            headers.insert("x-api-key", header("API key", api_key)?);
        }
        if let Some(token) = self.token.as_deref().filter(|token| !token.is_empty()) {
            headers.insert(AUTHORIZATION, header("token", &format!("Bearer {token}"))?);
        }
        Ok(())
    }

    /// Whether there is a newer key than that of the rejected generation, which the handler is asked for if need be.
    /// Callers of the same generation ask once.
    pub async fn renew(&self, generation: u64, rejected: &Error) -> bool {
        let _asking = self.asking.lock().await;
        if self.generation() != generation {
            return true;
        }
        let Some(handler) = &self.handler else {
            return false;
        };
        let pause = self.pause(rejected);
        if !pause.is_zero() {
            sleep(pause).await;
        }
        if self.generation() != generation {
            // The application has replaced it during the pause.
            return true;
        }
        match handler(rejected.clone()).await {
            Some(api_key) if !api_key.is_empty() => {
                let mut key = self.key.lock().unwrap();
                key.replace(api_key);
                key.is_unproven = true;
                true
            }
            _ => false,
        }
    }

    /// The time until the next question: none before the first one.
    fn pause(&self, rejected: &Error) -> Duration {
        let mut key = self.key.lock().unwrap();
        if key.is_unproven { key.pauses.next(rejected.retry_after) } else { Duration::ZERO }
    }
}

fn header(name: &str, value: &str) -> Result<HeaderValue, Status> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Status::invalid_argument(format!("The {name} has characters that a header cannot carry.")))?;
    header.set_sensitive(true);
    Ok(header)
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
        Asking { credentials: Credentials::new(&config), asked }
    }

    fn wrong_key() -> Error {
        Error::new(Code::Unauthenticated, "wrong")
    }

    impl Asking {
        /// Asks for another key, which takes a pause of at most so many milliseconds and at least the half of them.
        async fn expect_pause(&self, longest: u64) {
            self.expect_pause_after(&wrong_key(), Duration::from_millis(longest)).await;
        }

        async fn expect_pause_after(&self, rejected: &Error, longest: Duration) {
            let (began, before) = (Instant::now(), self.asked.load(Relaxed));
            assert!(self.credentials.renew(self.credentials.generation(), rejected).await);
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
        asking.credentials.set("rotated".to_owned());
        asking.expect_pause(0).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_of_the_application_during_the_pause_is_used_without_a_question() {
        let asking = asking(&["1"]);
        asking.expect_pause(0).await;
        let rejected = wrong_key();
        let mut renewing = Box::pin(asking.credentials.renew(asking.credentials.generation(), &rejected));
        assert!(renewing.as_mut().now_or_never().is_none());
        asking.credentials.set("rotated".to_owned());
        assert!(renewing.await);
        assert_eq!(asking.asked.load(Relaxed), 1);
        assert_eq!(asking.credentials.key.lock().unwrap().api_key.as_deref(), Some("rotated"));
    }
}
