"""Open streams and the sessions they belong to."""
