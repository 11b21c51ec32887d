"""Wire messages to domain types and back."""
