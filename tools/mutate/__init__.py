"""Mutation testing: which small changes of the product does no test notice? See `python -m tools.mutate --help`.

Cosmic Ray's operators change the product; coverage.py's contexts tell which tests execute what was changed.
"""
