"""What the server's processes share, by Redis, or by nothing where there is one process."""
