#!/usr/bin/env bash
# Gradescope runs this once, as root, when it makes the image. Choose a base image with Python 3.11 or
# later, such as Ubuntu 24.04.
set -e
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "The base image has $(python3 --version), and the judge needs Python 3.11 or later." >&2
    exit 1
fi
apt-get update -q
apt-get install -q -y --no-install-recommends python3-venv git bubblewrap
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install --quiet \
    "unrolled[teaching] @ git+https://github.com/unrolled-book/unrolled@v0.2.0"
# Says in the build's log what will confine submissions here
/autograder/venv/bin/python -m unrolled.grading probe
