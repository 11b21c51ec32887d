//! Readings as they are stored.

use std::time::{Duration, SystemTime};

use tonic::{Response, Status, Streaming};

use crate::client::Client;
use crate::column::Columns;
use crate::error::{Code, Error, Result};
use crate::following::{Source, follow};
use crate::items::Items;
use crate::time::{from_milliseconds, from_timestamp, word};
use crate::v1::subscribe_telemetry_response::Event as Received;
use crate::v1::{StreamError, SubscribeTelemetryRequest, SubscribeTelemetryResponse};

/// Asks for readings as they are stored.
#[derive(Clone, Debug, Default)]
pub struct SubscribeQuery {
    /// The devices. Empty: all that the caller may read.
    pub device_ids: Vec<i32>,
    /// Types of devices. Empty: all.
    pub device_types: Vec<String>,
    /// Measurements. Empty: all.
    pub fields: Vec<String>,
    /// Stored readings from this time on come first. None: none do.
    pub since: Option<SystemTime>,
}

/// What happens to a subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The server has accepted the subscription, at first and after each break. It has the server's time.
    Subscribed(SystemTime),
    /// Readings were just stored.
    Readings(Columns),
    /// A device went online or offline.
    Presence {
        /// The device.
        device_id: i32,
        /// Whether it is online now.
        online: bool,
        /// The time of the change.
        time: SystemTime,
    },
    /// This number of readings was lost because the caller was too slow.
    Missed(i64),
    /// The subscription has broken, and is opened again after the pause.
    Interrupted {
        /// Why it has broken.
        error: Error,
        /// The pause.
        pause: Duration,
    },
}

impl Client {
    /// Readings as they are stored. After a break it continues with the newest time that it delivered, so a reading at the
    /// boundary may come twice, but none is left out. An error that no retry mends ends it.
    pub fn subscribe(&self, query: SubscribeQuery) -> Items<Event> {
        follow(self.clone(), Subscription { query, newest: None, is_delivered: false, is_accepted: false })
    }
}

struct Subscription {
    query: SubscribeQuery,
    /// The newest time that was delivered, or where the first stream began.
    newest: Option<SystemTime>,
    is_delivered: bool,
    is_accepted: bool,
}

impl Source for Subscription {
    type Answer = SubscribeTelemetryResponse;
    type Item = Event;

    const NAME: &'static str = "subscription";

    async fn open(&mut self, client: &Client) -> std::result::Result<Response<Streaming<Self::Answer>>, Status> {
        self.is_accepted = false;
        let query = self.query.clone();
        let request = SubscribeTelemetryRequest {
            device_ids: query.device_ids,
            device_types: query.device_types,
            fields: query.fields,
            since: word(self.newest.or(query.since)),
            columnar: true,
        };
        client.telemetry().subscribe_telemetry(request).await
    }

    fn take(&mut self, answer: SubscribeTelemetryResponse) -> Result<Option<Event>> {
        Ok(match answer.event {
            Some(Received::Batch(batch)) => Some(self.deliver(batch.into())),
            Some(Received::Heartbeat(heartbeat)) => self.accept(from_timestamp(heartbeat.timestamp)),
            Some(Received::Dropped(dropped)) => Some(Event::Missed(dropped.readings)),
            Some(Received::Presence(presence)) => Some(Event::Presence {
                device_id: presence.device_id,
                online: presence.online,
                time: from_timestamp(presence.timestamp),
            }),
            Some(Received::Error(error)) => return Err(ended(error)),
            Some(Received::Telemetry(_) | Received::Feed(_)) | None => None,
        })
    }

    fn interrupted(&mut self, error: Error, pause: Duration) -> Option<Event> {
        Some(Event::Interrupted { error, pause })
    }
}

impl Subscription {
    fn deliver(&mut self, columns: Columns) -> Event {
        if let Some(newest) = columns.times.iter().max().copied().map(from_milliseconds) {
            self.newest = self.newest.filter(|former| self.is_delivered && *former > newest).or(Some(newest));
            self.is_delivered = true;
        }
        Event::Readings(columns)
    }

    /// The first heartbeat of a stream.
    fn accept(&mut self, time: SystemTime) -> Option<Event> {
        if self.is_accepted {
            return None;
        }
        self.is_accepted = true;
        if self.query.since.is_none() {
            // A break before the first reading continues here.
            self.newest = self.newest.or(Some(time));
        }
        Some(Event::Subscribed(time))
    }
}

fn ended(error: StreamError) -> Error {
    let StreamError { reason, message, retryable } = error;
    Error { reason, retryable, ..Error::new(Code::Unavailable, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(since: Option<SystemTime>) -> Subscription {
        let query = SubscribeQuery { since, ..SubscribeQuery::default() };
        Subscription { query, newest: None, is_delivered: false, is_accepted: false }
    }

    fn deliver(subscription: &mut Subscription, times: &[i64]) {
        subscription.deliver(Columns { times: times.to_vec(), ..Columns::default() });
    }

    #[test]
    fn it_continues_with_the_newest_time_that_it_delivered() {
        let mut subscription = subscription(None);
        deliver(&mut subscription, &[1000, 5000, 3000]);
        deliver(&mut subscription, &[2000]);
        assert_eq!(subscription.newest, Some(from_milliseconds(5000)));
    }

    #[test]
    fn a_break_before_the_first_reading_continues_where_it_began() {
        let mut subscription = subscription(None);
        let began = from_milliseconds(9000);
        assert_eq!(subscription.accept(began), Some(Event::Subscribed(began)));
        assert_eq!(subscription.accept(from_milliseconds(9500)), None);
        assert_eq!(subscription.newest, Some(began));
        // A reading may be older than the subscription.
        deliver(&mut subscription, &[7000]);
        assert_eq!(subscription.newest, Some(from_milliseconds(7000)));
    }

    #[test]
    fn a_break_before_the_first_reading_repeats_the_time_that_was_asked_for() {
        let mut subscription = subscription(Some(from_milliseconds(4000)));
        subscription.accept(from_milliseconds(9000));
        assert_eq!(subscription.newest, None);
    }
}
