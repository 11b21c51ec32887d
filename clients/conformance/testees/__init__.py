"""The testees that this repository keeps beside the runner."""
