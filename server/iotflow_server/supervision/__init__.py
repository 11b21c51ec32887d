"""Child processes: started, tied to their parent, restarted after a failure, and stopped."""
