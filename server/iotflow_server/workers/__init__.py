"""Several server processes on one port: a parent that keeps them, and what each of them knows of the others."""
