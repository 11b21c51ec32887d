//! Keys and tokens, as calls carry them.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use tokio::sync::OnceCell;

use crate::error::{Error, Result};

const LONGEST_KEY: usize = 128;
const LONGEST_TOKEN: usize = 4096;

/// The present key. Clones are the same key.
#[derive(Clone)]
pub struct Key {
    api_key: Option<HeaderValue>,
    /// Counts the keys.
    pub generation: u64,
    /// The device of the key, once a writer has asked for it.
    pub device_id: Arc<OnceCell<i32>>,
}

impl Key {
    /// The first key of the application.
    pub fn first(api_key: Option<&str>) -> Result<Self> {
        Ok(Self { api_key: api_key.map(key_header).transpose()?, generation: 0, device_id: Arc::default() })
    }

    /// The key after this one.
    pub fn next(&self, api_key: &str) -> Result<Self> {
        Ok(Self { generation: self.generation + 1, ..Self::first(Some(api_key))? })
    }

    /// Whether the application gave one. Otherwise a certificate, a token or nothing identifies the caller.
    pub fn is_given(&self) -> bool {
        self.api_key.is_some()
    }

    /// Adds the key to the headers of a call.
    pub fn attach(&self, headers: &mut HeaderMap) {
        if let Some(api_key) = &self.api_key {
            headers.insert("x-api-key", api_key.clone());
        }
    }
}

/// Adds a token to the headers of a call.
pub fn attach_token(token: Option<&HeaderValue>, headers: &mut HeaderMap) {
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token.clone());
    }
}

/// The header of a token.
pub fn token_header(token: &str) -> Result<HeaderValue> {
    check("token", token, LONGEST_TOKEN)?;
    secret("token", &format!("Bearer {token}"))
}

fn key_header(api_key: &str) -> Result<HeaderValue> {
    check("api_key", api_key, LONGEST_KEY)?;
    secret("api_key", api_key)
}

fn check(field: &str, text: &str, longest: usize) -> Result<()> {
    if (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let message = format!(
        "The {field} does not have 1 to {longest} printable ASCII characters without spaces. Check that it is whole, and \
         that the newline of its file is removed."
    );
    Err(Error::invalid(field, message))
}

fn secret(field: &str, text: &str) -> Result<HeaderValue> {
    let mut header = HeaderValue::from_str(text).map_err(|error| Error::invalid(field, error.to_string()))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_token_of_another_form_is_an_error_that_does_not_contain_it() {
        for (other, longest_key, longest_token) in [
            ("", false, false),
            ("secret\n", false, false),
            ("secret key", false, false),
            ("secret\u{e9}", false, false),
            ("secret\u{7f}", false, false),
            (&"s".repeat(LONGEST_KEY), true, true),
            (&"s".repeat(LONGEST_KEY + 1), false, true),
            (&"s".repeat(LONGEST_TOKEN + 1), false, false),
        ] {
            for (field, header, is_valid) in
                [("api_key", key_header(other), longest_key), ("token", token_header(other), longest_token)]
            {
                let Err(error) = header else {
                    assert!(is_valid, "{field}: {other:?}");
                    continue;
                };
                assert!(!is_valid, "{field}: {other:?}");
                assert_eq!(
                    (error.code, error.field.as_str(), error.retryable),
                    (tonic::Code::InvalidArgument, field, false)
                );
                assert!(other.is_empty() || !error.message.contains(other.trim_end()), "{error}");
            }
        }
    }

    #[test]
    fn a_header_does_not_show_its_key() {
        for header in [key_header("secret"), token_header("secret")] {
            assert!(!format!("{header:?}").contains("secret"));
        }
    }
}
