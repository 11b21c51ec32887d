"""Removes the working folder from the import path. Programs that run by `python -m` import this module first.

`python -m` searches the working folder first, so a file there with the name of a package (iotdb.py) would replace it.
`python -P -m` and installed commands do not search it.
"""

import os
import sys

if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
    del sys.path[0]
