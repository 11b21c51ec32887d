"""AuditService: the audit log."""

from iotflow.v1 import audit_pb2, audit_service_pb2, audit_service_pb2_grpc
from iotflow_server.audit import Audit, AuditEntry
from iotflow_server.interceptors.middleware import Context
from iotflow_server.rpc.codec.page_tokens import after_id, first_page, size_of, token_of
from iotflow_server.rpc.codec.wire_values import timestamp_of, to_struct

wire = audit_service_pb2


class AuditService(audit_service_pb2_grpc.AuditServiceServicer):
    """audit_service.proto specifies each RPC."""

    def __init__(self, *, audit: Audit) -> None:
        self._audit = audit

    async def ListAuditEntries(
        self, request: wire.ListAuditEntriesRequest, _context: Context
    ) -> wire.ListAuditEntriesResponse:
        size = size_of(request)
        found = await self._audit.page(request.target, after_id(request.page_token) or None, size + 1)
        entries, more = first_page([_message(entry) for entry in found], size, lambda last: token_of(last.id))
        return wire.ListAuditEntriesResponse(entries=entries, next_page_token=more)


def _message(entry: AuditEntry) -> audit_pb2.AuditEntry:
    return audit_pb2.AuditEntry(
        id=entry.id,
        timestamp=timestamp_of(entry.timestamp),
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        details=to_struct(entry.details),
    )
