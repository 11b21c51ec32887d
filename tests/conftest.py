"""What all tests share."""

import os

from hypothesis import settings

# Elsewhere every run tries new examples; a change is not to be judged by luck.
settings.register_profile("ci", derandomize=True)
if "CI" in os.environ:
    settings.load_profile("ci")
