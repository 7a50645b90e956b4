"""The process that stands for a container on this machine.

mlrun starts it in the place of a command, gives it the command's terminal or pipes, signals it
and waits for it; it leaves with the container's exit code. It is started as a script, by
`python -I -S`, so that it runs in an instant; what is imported is compiled already.
"""

from __future__ import annotations

import os
import sys


def main(words: list[str]) -> int:
    """Attend to one container.

    Args:
        words: The file with the specification.

    Returns:
        What the process leaves with.
    """
    # The folder that holds the package: this Python has no site-packages.
    sys.path.append(os.path.abspath(f"{__file__}/../../../.."))
    from mlrun.execution.container.attendance import Attendance
    from mlrun.execution.container.specification import take

    specification = take(words[0])
    return Attendance(specification).run() if specification is not None else 125


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # nothing is left to be tidied up, and that takes time
