"""One decoder per payload format, to batches of columns."""
