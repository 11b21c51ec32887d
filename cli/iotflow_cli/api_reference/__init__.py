"""The reference of the REST interface, as files for browsers and tools."""
