"""Kills what a test run leaves behind, whatever ended the run: kill -9 and Ctrl-C too.

Reads lines "+PID" (a process group has been started) and "-PID" (it has ended). When the input ends, the run is over:
every group that is still there is killed.
"""

import os
import signal
import sys

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)

groups = set()
for line in sys.stdin:
    change, pid = line[0], int(line[1:])
    if change == "+":
        groups.add(pid)
    else:
        groups.discard(pid)

for pid in groups:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
