"""The closed vocabulary of scenarios: one class for each kind of step."""
