"""Batches and queues as files, with what every client reads from them."""
