"""The scenario file: its values, how it is read, and its published JSON Schema."""
