//! Conversions of times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;

/// Milliseconds since 1970 UTC.
pub fn milliseconds(time: SystemTime) -> i64 {
    let whole = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => {
            let before = before.duration();
            // Towards the past, as for times after 1970.
            -whole(before) - i64::from(before.subsec_nanos() % 1_000_000 > 0)
        }
    }
}

/// The time of a number of milliseconds since 1970 UTC. Times that the system cannot show become 1970.
pub fn from_milliseconds(milliseconds: i64) -> SystemTime {
    let distance = Duration::from_millis(milliseconds.unsigned_abs());
    let shown = if milliseconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    shown.unwrap_or(UNIX_EPOCH)
}

/// The time of an answer. Without one, 1970.
pub fn from_timestamp(timestamp: Option<Timestamp>) -> SystemTime {
    timestamp.and_then(|timestamp| SystemTime::try_from(timestamp).ok()).unwrap_or(UNIX_EPOCH)
}

/// A time as requests write it; empty where there is none.
pub fn word(time: Option<SystemTime>) -> String {
    time.map(|time| Timestamp::from(time).to_string()).unwrap_or_default()
}

/// A time of an answer: RFC 3339, or milliseconds since 1970.
pub fn parse(value: &serde_json::Value) -> Option<SystemTime> {
    if let Some(milliseconds) = value.as_f64() {
        return Some(from_milliseconds(milliseconds as i64));
    }
    let text = value.as_str()?;
    if let Ok(milliseconds) = text.parse() {
        return Some(from_milliseconds(milliseconds));
    }
    text.parse::<Timestamp>().ok().and_then(|timestamp| SystemTime::try_from(timestamp).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_rounded_towards_the_past() {
        assert_eq!(milliseconds(UNIX_EPOCH + Duration::from_micros(1_999)), 1);
        assert_eq!(milliseconds(UNIX_EPOCH - Duration::from_micros(1_001)), -2);
        for each in [0, -1, 1_700_000_000_123, -86_400_000] {
            assert_eq!(milliseconds(from_milliseconds(each)), each);
        }
    }

    #[test]
    fn times_are_written_and_read() {
        let time = from_milliseconds(1_700_000_000_250);
        let written = word(Some(time));
        assert_eq!(written, "2023-11-14T22:13:20.250Z");
        assert_eq!(parse(&written.into()), Some(time));
        assert_eq!(parse(&1_700_000_000_250i64.into()), Some(time));
        assert_eq!(parse(&"1700000000250".into()), Some(time));
        assert_eq!(parse(&"yesterday".into()), None);
        assert_eq!(word(None), "");
    }
}
