"""Coordination between the processes that share a journal folder."""
