"""What the scripts share: a grader's view of a cluster, through Python's own XML-RPC client."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import xmlrpc.client

# A leader is elected this long after a majority is up.
ELECTION_S = 5.0
# A grader sleeps this long before it looks whether a restored server has caught up.
CATCH_UP_S = 1.0

# No call of these scripts may hang for ever; those that are meant to wait are given less time than this.
socket.setdefaulttimeout(60)


class Failure(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Failure(what)


def equal(got, wanted, what):
    check(got == wanted, "%s: got %r, wanted %r" % (what, got, wanted))


def proxy(address):
    """A new connection: a ServerProxy is good for one call at a time."""
    return xmlrpc.client.ServerProxy("http://%s/" % address)


def fault_of(call, *args):
    """The fault that the call ends in."""
    try:
        value = call(*args)
    except xmlrpc.client.Fault as fault:
        check(fault.faultString, "a fault says why")
        return fault
    raise Failure("gave %r and no fault" % (value,))


def until(what, probe, deadline_s):
    """Waits until the probe gives something other than None or False, and gives that."""
    ends_at = time.monotonic() + deadline_s
    while True:
        found = probe()
        if found is not None and found is not False:
            return found
        check(time.monotonic() <= ends_at, "not within %s s: %s" % (deadline_s, what))
        time.sleep(0.02)


class Waiting:
    """A call that may have to wait, made by a thread on a connection of its own."""

    def __init__(self, address, method, *args):
        self.value = None
        self.error = None
        self._thread = threading.Thread(target=self._run, args=(address, method, args), daemon=True)
        self._thread.start()

    def _run(self, address, method, args):
        try:
            self.value = getattr(proxy(address).surfstore, method)(*args)
        except Exception as error:
            self.error = error

    @property
    def is_waiting(self):
        return self._thread.is_alive()

    def still_waits_after(self, seconds):
        self._thread.join(seconds)
        check(self.is_waiting, "ended without a majority: %r" % (self.error or self.value,))

    def result(self, deadline_s, what):
        self._thread.join(deadline_s)
        check(not self.is_waiting, "not within %s s: %s" % (deadline_s, what))
        if self.error is not None:
            raise self.error
        return self.value

    def fault(self, deadline_s, what):
        try:
            value = self.result(deadline_s, what)
        except xmlrpc.client.Fault as fault:
            return fault
        raise Failure("gave %r and no fault: %s" % (value, what))


class Cluster:
    def __init__(self, addresses):
        self.addresses = addresses
        self.ids = range(len(addresses))
        self.servers = [proxy(address).surfstore for address in addresses]
        self.majority = len(addresses) // 2 + 1

    def __getitem__(self, server):
        return self.servers[server]

    def leaders(self, among=None):
        return [i for i in (self.ids if among is None else among) if self[i].isLeader()]

    def leader(self, among=None, other_than=None, deadline_s=ELECTION_S):
        """The one server that leads, waited for as long as an election may take."""

        def the_only_one():
            found = self.leaders(among)
            return found[0] if len(found) == 1 and found[0] != other_than else None

        return until("one new leader", the_only_one, deadline_s)

    def followers(self, leader):
        return [i for i in self.ids if i != leader]

    def versions(self, name):
        return [server.tester_getversion(name) for server in self.servers]

    def nobody_leads(self, seconds, among=None):
        """Nobody leads now, nor does anybody begin to for some election timeouts."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            equal(self.leaders(among), [], "leaders without a majority")
            time.sleep(0.05)

    def restore_all(self):
        for server in self.servers:
            equal(server.restore(), True, "restore")
        return self.leader()


class Process:
    """A server started by the script."""

    def __init__(self, config, server, *flags):
        command = json.loads(os.environ["SURFSTORE_COMMAND"])
        self.popen = subprocess.Popen(
            command + ["server", config, str(server), *flags], stdout=subprocess.PIPE, text=True
        )
        check("ready" in self.popen.stdout.readline(), "server %d says that it is ready" % server)

    def stop(self):
        self.popen.kill()
        self.popen.wait()

    def shut_down(self):
        """As a person does it: with a signal that the server can see."""
        self.popen.terminate()
        equal(self.popen.wait(10), 0, "exit code of a server that is shut down")


def main(run):
    """Runs the script: `run` gets the command line. Prints what failed, and exits with 1 then."""
    try:
        run(sys.argv[1:])
    except Failure as failure:
        sys.exit("FAILED: %s" % failure)
