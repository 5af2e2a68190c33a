"""Running one of our modules in a process of its own."""

from __future__ import annotations

import sys

#: As `python -m` does, but for the folder the command was started in: files that settings name may lie there, code not.
_RUN = "import runpy, sys; sys.path.pop(0); runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"


def command(module: str, *arguments: str) -> list[str]:
    """What runs ``module`` with this interpreter, wherever it is started."""
    return [sys.executable, "-c", _RUN, module, *arguments]
