"""RPCs that send, receive and acknowledge commands."""
