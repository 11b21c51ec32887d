//! Pauses between attempts.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// A longer wish of the server, or of what answers in its place, would silence a device.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// The number of doublings after which the pause is the longest.
const DOUBLINGS: u32 = 8;

/// The pauses double, and are shortened at random so that a fleet does not return at once.
#[derive(Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Begins with the first pause again, after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after another failure. The server's wish is added.
    pub fn next(&mut self, retry_after: Option<Duration>) -> Duration {
        let pause = LONGEST.min(FIRST * 2u32.pow(self.failures.min(DOUBLINGS)));
        self.failures = self.failures.saturating_add(1);
        retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER) + pause.mul_f64(0.5 + random() / 2.0)
    }
}

/// A number from 0 to 1. The keys of the standard library's hash maps are random.
fn random() -> f64 {
    RandomState::new().hash_one(0u8) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        for failures in 0..20 {
            let whole = Duration::from_millis(200 * 2u64.pow(failures)).min(LONGEST);
            let pause = backoff.next(None);
            assert!(whole / 2 <= pause && pause <= whole, "{failures}: {pause:?}");
        }
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
    }

    #[test]
    fn the_wish_of_the_server_is_added() {
        let wish = Duration::from_secs(7);
        assert!(Backoff::default().next(Some(wish)) >= wish + FIRST / 2);
    }

    #[test]
    fn the_wish_of_the_server_is_an_hour_at_most() {
        for wish in [LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER + FIRST, Duration::from_secs(u64::MAX), Duration::MAX] {
            let pause = Backoff::default().next(Some(wish));
            assert!((LONGEST_RETRY_AFTER..=LONGEST_RETRY_AFTER + FIRST).contains(&pause), "{pause:?}");
        }
    }
}
