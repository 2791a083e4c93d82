"""Runs a command: `python -m unrolled.grading --help` lists them."""

import sys

from unrolled.grading.commands import main

if __name__ == "__main__":  # the processes that grade import this file too
    sys.exit(main())
