"""Several server processes on one port: the parent that supervises them, and the facts each has about the group."""
