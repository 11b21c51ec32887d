"""The services: each module joins those of one kind of caller."""
