"""Shows what a run measures: to Prometheus, on a terminal, and as a page."""
