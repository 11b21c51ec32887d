"""From a scenario to the readings and events of its devices, in the order in which they are due."""
