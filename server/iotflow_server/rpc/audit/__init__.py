"""AuditService: the audit log."""
