//! What identifies the caller.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use tonic::Status;

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
}

impl Credentials {
    pub fn new(config: &Config) -> Self {
        Self {
            handler: config.on_credential_wanted.clone(),
            token: config.token.clone(),
            key: Mutex::new(Key { api_key: config.api_key.clone(), generation: 0 }),
            asking: tokio::sync::Mutex::new(()),
        }
    }

    /// Replaces the key.
    pub fn set(&self, api_key: String) {
        let mut key = self.key.lock().unwrap();
        key.api_key = Some(api_key);
        key.generation += 1;
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
        match handler(rejected.clone()).await {
            Some(api_key) if !api_key.is_empty() => {
                self.set(api_key);
                true
            }
            _ => false,
        }
    }
}

fn header(name: &str, value: &str) -> Result<HeaderValue, Status> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Status::invalid_argument(format!("The {name} has characters that a header cannot carry.")))?;
    header.set_sensitive(true);
    Ok(header)
}
