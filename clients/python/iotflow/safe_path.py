"""Keeps the working folder out of the imports of a program; imported before anything else by what `python -m` runs.

`python -m` puts the working folder first, so that a file there named like a package (iotdb.py) would be taken for it.
`python -P -m` and installed commands do not.
"""

import os
import sys

if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
    del sys.path[0]
