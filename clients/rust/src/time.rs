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
    timestamp.and_then(system_time).unwrap_or(UNIX_EPOCH)
}

/// The time of a timestamp, or none where the system cannot show it. The conversion of prost overflows for some.
fn system_time(timestamp: Timestamp) -> Option<SystemTime> {
    let seconds = Duration::from_secs(timestamp.seconds.unsigned_abs());
    let nanos = u32::try_from(timestamp.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let whole = if timestamp.seconds < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
    whole?.checked_add(Duration::from_nanos(nanos.into()))
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
    text.parse::<Timestamp>().ok().and_then(system_time)
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
    fn every_timestamp_has_a_time() {
        let at = |seconds, nanos| from_timestamp(Some(Timestamp { seconds, nanos }));
        assert_eq!(at(1, 500_000_000), UNIX_EPOCH + Duration::from_millis(1500));
        assert_eq!(at(-1, 500_000_000), UNIX_EPOCH - Duration::from_millis(500));
        for (seconds, nanos) in [(i64::MIN, 0), (i64::MIN, i32::MIN), (i64::MAX, i32::MAX), (0, -1), (0, i32::MIN)] {
            // Each has some time, and no overflow.
            let _ = milliseconds(at(seconds, nanos));
        }
        assert_eq!(from_timestamp(None), UNIX_EPOCH);
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
