"""The command `voxgrad`, which lies beside the libraries: `python -m voxgrad`."""

import os
import sys


def main():
    """Becomes the command."""
    here = os.path.dirname(os.path.abspath(__file__))
    places = [os.path.join(here, "_lib", "voxgrad"),
              os.path.join(os.path.dirname(os.path.dirname(here)), "build", "bin", "voxgrad")]
    for path in places:
        if os.path.exists(path):
            os.execv(path, ["voxgrad"] + sys.argv[1:])
    sys.exit("voxgrad: the command is not there (%s)" % places[0])


if __name__ == "__main__":
    main()
