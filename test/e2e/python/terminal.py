"""Runs a command with a terminal as its stdout, and passes on what it writes and its exit code."""

import os
import pty
import sys

status = pty.spawn(sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(status))
