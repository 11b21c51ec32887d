"""CSV recordings that are sent as a device sends its readings."""
