"""Say early and plainly what this machine lacks for the installation. Runs with any Python 3."""

import shutil
import sys

NEEDED_GB = 10


def main(folder):
    faults = []
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        found = ".".join(map(str, sys.version_info[:3]))
        faults.append("Python 3.11 (or 3.12) is needed, found %s; name it: make PYTHON=/path/to/python3.11" % found)
    free = shutil.disk_usage(folder).free / 1e9
    if free < NEEDED_GB:
        faults.append("%d GB of free disk are needed (PyTorch brings CUDA libraries), found %.1f GB" % (NEEDED_GB, free))
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        faults.append("Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv")
    for fault in faults:
        sys.stderr.write("fxstudy: %s\n" % fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
