//! Lists, page by page.

use std::future::Future;

use futures_util::stream::try_unfold;
use tonic::{Response, Status};

use crate::error::Error;
use crate::items::Items;
use crate::v1;

/// A request for a page of a list.
pub trait PageRequest: Clone + Send + 'static {
    /// Asks for the page after another.
    fn set_page_token(&mut self, token: String);
}

/// An answer with a page of a list.
pub trait Page: Send + 'static {
    /// Names the next page; empty on the last one.
    fn next_page_token(&self) -> &str;
}

/// A token, which some answers leave out.
trait Token {
    fn word(&self) -> &str;
}

impl Token for String {
    fn word(&self) -> &str {
        self
    }
}

impl Token for Option<String> {
    fn word(&self) -> &str {
        self.as_deref().unwrap_or_default()
    }
}

macro_rules! paged {
    ($($request:ident => $answer:ident),+ $(,)?) => {
        $(impl PageRequest for v1::$request {
            fn set_page_token(&mut self, token: String) {
                self.page_token = token;
            }
        }

        impl Page for v1::$answer {
            fn next_page_token(&self) -> &str {
                self.next_page_token.word()
            }
        })+
    };
}

paged! {
    GetTelemetryRangeRequest => GetTelemetryRangeResponse,
    GetTelemetryRequest => GetTelemetryResponse,
    ListAuditEntriesRequest => ListAuditEntriesResponse,
    ListCommandsRequest => ListCommandsResponse,
    ListConfigVersionsRequest => ListConfigVersionsResponse,
    ListDevicesRequest => ListDevicesResponse,
    ListLatestTelemetryRequest => ListLatestTelemetryResponse,
    ListMeasurementsRequest => ListMeasurementsResponse,
    ListTokensRequest => ListTokensResponse,
    PollCommandsRequest => PollCommandsResponse,
}

/// Calls a method of a stub for each page of a list:
///
/// ```no_run
/// # async fn list(client: &iotflow::Client) -> iotflow::Result<()> {
/// use iotflow::v1::{ListDevicesRequest, fleet_service_client::FleetServiceClient};
///
/// let fleet = FleetServiceClient::new(client.channel());
/// let mut pages = iotflow::pages(ListDevicesRequest::default(), move |request| {
///     let mut fleet = fleet.clone();
///     async move { fleet.list_devices(request).await }
/// });
/// while let Some(page) = pages.next().await {
///     println!("{}", page?.devices.len());
/// }
/// # Ok(())
/// # }
/// ```
pub fn pages<Request, Answer, Method, Call>(request: Request, method: Method) -> Items<Answer>
where
    Request: PageRequest,
    Answer: Page,
    Method: Fn(Request) -> Call + Send + Sync + 'static,
    Call: Future<Output = Result<Response<Answer>, Status>> + Send,
{
    Items::new(try_unfold((Some(request), method), |(request, method)| async move {
        let Some(mut request) = request else {
            return Ok(None);
        };
        let page = method(request.clone()).await.map_err(Error::from)?.into_inner();
        request.set_page_token(page.next_page_token().to_owned());
        let is_last = page.next_page_token().is_empty();
        Ok(Some((page, ((!is_last).then_some(request), method))))
    }))
}
