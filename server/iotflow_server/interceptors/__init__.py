"""What every call passes through, one module each."""
