//! The server's time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::client::Client;
use crate::error::Result;
use crate::v1::SendHeartbeatResponse;
use crate::words::presence;

/// The end of the year 9999, the last time of an answer. Sums with later ones could overflow.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// Which clock gives rows without a time their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockSource {
    /// The clock of this machine.
    #[default]
    Device,
    /// A [`ServerClock`], for devices without a clock.
    Server,
}

/// The server's time, continued with the monotonic clock of this machine. Steps of the machine's clock do not change it.
pub struct ServerClock {
    start: Instant,
    /// The server's time at the start, since 1970, once it is known.
    offset: watch::Sender<Option<Duration>>,
}

impl ServerClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), offset: watch::Sender::new(None) }
    }

    /// The server's time; none before the first answer to a heartbeat.
    pub fn now(&self) -> Option<SystemTime> {
        self.offset().map(|offset| UNIX_EPOCH + offset + self.elapsed())
    }

    /// The monotonic time since the client was made.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// What to add to the monotonic time.
    pub(crate) fn offset(&self) -> Option<Duration> {
        *self.offset.borrow()
    }

    /// Waits for the first answer, and returns what to add to the monotonic time.
    pub(crate) async fn known(&self) -> Duration {
        let mut offset = self.offset.subscribe();
        // The wait cannot fail: the sender is this clock.
        offset.wait_for(Option::is_some).await.ok().and_then(|known| *known).unwrap_or_default()
    }

    /// Takes the time of an answer, which the server read half of the call's duration ago.
    pub(crate) fn learn(&self, answer: SystemTime, sent: Duration, received: Duration) {
        let time = answer.duration_since(UNIX_EPOCH).unwrap_or_default().min(LATEST);
        let half = sent + received.saturating_sub(sent) / 2;
        self.offset.send_replace(Some(time.saturating_sub(half)));
    }
}

impl Client {
    /// Takes the server's time with a heartbeat. It needs the key of a device.
    pub async fn synchronize_clock(&self) -> Result<SendHeartbeatResponse> {
        self.heartbeat(presence::ONLINE).await
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;

    use super::*;
    use crate::time::from_timestamp;

    #[test]
    fn half_of_the_duration_is_subtracted() {
        let clock = ServerClock::new();
        assert!(clock.now().is_none());
        clock.learn(UNIX_EPOCH + Duration::from_secs(1000), Duration::from_secs(2), Duration::from_secs(4));
        assert_eq!(clock.offset(), Some(Duration::from_secs(997)));
    }

    #[test]
    fn a_time_beyond_all_calendars_is_the_latest() {
        let clock = ServerClock::new();
        let beyond = from_timestamp(Some(Timestamp { seconds: i64::MAX, nanos: 999_999_999 }));
        clock.learn(beyond, Duration::ZERO, Duration::ZERO);
        assert!(clock.now() >= Some(UNIX_EPOCH + LATEST));
    }
}
