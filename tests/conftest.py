"""What all tests share."""

import os
import signal

from hypothesis import settings

# How long an example takes is the machine's affair. Elsewhere every run tries new examples; a change is not to be judged
# by luck.
settings.register_profile("elsewhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if "CI" in os.environ else "elsewhere")

# A shell that runs the tests in the background ignores Ctrl-C for all it starts; the programs under test must not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
