"""The middleware that wraps every call."""

from iotflow_server.auth.identities import Identities
from iotflow_server.auth.permissions import permissions
from iotflow_server.interceptors.authentication import Authentication
from iotflow_server.interceptors.call_context import PeerAddresses
from iotflow_server.interceptors.errors import Errors
from iotflow_server.interceptors.middleware import Middleware
from iotflow_server.interceptors.observability import CallMetrics, Logging
from iotflow_server.interceptors.rate_limits import RateLimits, WrongCredentials
from iotflow_server.interceptors.rest_responses import InitialMetadata
from iotflow_server.interceptors.stream_limits import StreamLimit, StreamLimits, reads, subscriptions
from iotflow_server.interceptors.token_buckets import BucketsFactory
from iotflow_server.interceptors.validation import Validation
from iotflow_server.metrics import Metrics
from iotflow_server.settings import Settings


def authentication(
    settings: Settings, identities: Identities, addresses: PeerAddresses, buckets: BucketsFactory
) -> Authentication:
    """The middleware that authenticates callers."""
    open_to_roles = permissions(public_reads=settings.public_reads, public_diagnostics=settings.public_diagnostics)
    most = settings.wrong_credentials_limit
    wrong = WrongCredentials(
        repeated=buckets("wrong_credential", most), different=buckets("wrong_address", most), addresses=addresses
    )
    return Authentication(identities=identities, open_to=open_to_roles, wrong=wrong, addresses=addresses)


def middleware(
    settings: Settings, authenticator: Authentication, metrics: Metrics, buckets: BucketsFactory
) -> list[Middleware]:
    """All middleware, outermost first."""
    rate = settings.rate_limit_per_minute
    limits = [RateLimits(buckets("calls", rate))] if rate else []
    return [
        Errors(),
        CallMetrics(metrics.calls),
        Logging(),
        authenticator,
        *limits,
        stream_limits(settings),
        Validation(),
        InitialMetadata(),
    ]


def stream_limits(settings: Settings) -> StreamLimits:
    """The limits of open streams for each caller."""
    reading = StreamLimit("READ_LIMIT", "open reads and exports", settings.reads_per_caller, "IOTFLOW_READS_PER_CALLER")
    live = StreamLimit(
        "SUBSCRIPTION_LIMIT",
        "open live subscriptions",
        settings.subscriptions_per_caller,
        "IOTFLOW_SUBSCRIPTIONS_PER_CALLER",
    )
    others = StreamLimit(
        "STREAM_LIMIT", "other open streams", settings.streams_per_caller, "IOTFLOW_STREAMS_PER_CALLER"
    )
    return StreamLimits(dict.fromkeys(reads(), reading) | dict.fromkeys(subscriptions(), live), others)
