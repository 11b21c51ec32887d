"""Imports: registrations of many devices in one transaction, which can be repeated without harm."""
