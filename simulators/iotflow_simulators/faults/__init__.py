"""What goes wrong: faults of the data, which change readings, and faults of the connection, which become events."""
