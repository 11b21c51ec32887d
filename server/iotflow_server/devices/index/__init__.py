"""An index of a large fleet in memory: it filters, counts and pages a million devices in milliseconds."""
