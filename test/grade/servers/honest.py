"""An honest server of the assignment: Raft in memory over XML-RPC, with nothing but Python's standard library.

    python3 honest.py CONFIG ID

Each rule that a broken server forgets is a method of its own, so that `variants.py` can replace it.
"""

import random
import sys
import threading
import time
from http.client import HTTPConnection
from socketserver import ThreadingMixIn
from xmlrpc.client import Fault, ServerProxy, Transport
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

HEARTBEAT_S = 0.25
ELECTION_S = (1.0, 2.0)
PEER_TIMEOUT_S = 0.6
TICK_S = 0.02


class Handler(SimpleXMLRPCRequestHandler):
    rpc_paths = ("/", "/RPC2")
    disable_nagle_algorithm = True


class Listener(ThreadingMixIn, SimpleXMLRPCServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True


class PeerTransport(Transport):
    """Does not wait for ever for a peer that stands still."""

    def make_connection(self, host):
        return HTTPConnection(host, timeout=PEER_TIMEOUT_S)


def read_config(path):
    """The addresses in the order of their lines."""
    with open(path, encoding="utf-8") as lines:
        rows = [line.split(":", 1) for line in lines if ":" in line]
    addresses = [value.strip() for name, value in rows if name.strip() != "M"]
    return [(host, int(port)) for host, port in (address.rsplit(":", 1) for address in addresses)]


class Raft:
    def __init__(self, config, own_id):
        self.addresses = read_config(config)
        self.id = own_id
        self.peers = [peer for peer in range(len(self.addresses)) if peer != own_id]
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.role, self.crashed = "follower", False
        self.term, self.voted_for, self.votes = 0, None, set()
        self.log = [(0, None)]  # (term, operation); the first entry is none
        self.commit = self.applied = 0
        self.files = {}
        self.answers = {}  # by index: what the operation came to
        self.next = {peer: 1 for peer in self.peers}
        self.match = {peer: 0 for peer in self.peers}
        self.told = {peer: 0 for peer in self.peers}  # up to where a peer knows of the commit
        self.rest()

    # --- rules -------------------------------------------------------------------------------

    def majority(self):
        return len(self.addresses) // 2 + 1

    def election_timeout(self):
        return random.uniform(*ELECTION_S)

    def heartbeat_s(self):
        return HEARTBEAT_S

    def rest(self):
        """Starts waiting anew for a leader."""
        self.timeout_at = time.monotonic() + self.election_timeout()

    def may_commit(self, index):
        """Only an entry of the own term is committed by counting (paper 5.4.2)."""
        return self.log[index][0] == self.term

    def on_lead(self):
        """An entry of the own term commits those of earlier terms."""
        self.log.append((self.term, None))

    def apply(self, operation):
        """Changes the files by one committed operation, and gives what its caller is told."""
        if operation is None:
            return True
        if operation[0] == "map":
            return {name: [version, hashes] for name, (version, hashes) in self.files.items()}
        _, name, version, hashes = operation
        if version != self.version_of(name) + 1:
            return False
        self.files[name] = (version, hashes)
        return True

    def version_of(self, name):
        return self.files[name][0] if name in self.files else 0

    # --- roles -------------------------------------------------------------------------------

    def step_down(self, term):
        if term > self.term:
            self.term, self.voted_for = term, None
        if self.role == "leader":
            self.rest()
        self.role = "follower"
        self.changed.notify_all()

    def campaign(self):
        self.role, self.term, self.voted_for, self.votes = "candidate", self.term + 1, self.id, {self.id}
        self.rest()
        request = (self.term, self.id, len(self.log) - 1, self.log[-1][0])
        for peer in self.peers:
            threading.Thread(target=self.ask_vote, args=(peer, request), daemon=True).start()
        self.count_votes()

    def ask_vote(self, peer, request):
        reply = self.call(peer, "requestVote", request)
        with self.lock:
            if reply is None or self.crashed:
                return
            if reply[0] > self.term:
                self.step_down(reply[0])
            elif self.role == "candidate" and self.term == request[0] and reply[1]:
                self.votes.add(peer)
                self.count_votes()

    def count_votes(self):
        if self.role == "candidate" and len(self.votes) >= self.majority():
            self.role = "leader"
            for peer in self.peers:
                self.next[peer], self.match[peer], self.told[peer] = len(self.log), 0, 0
            self.on_lead()
            self.advance_commit()
            self.changed.notify_all()

    # --- the leader's side -------------------------------------------------------------------

    def replicate(self, peer):
        """Tells one peer everything it does not know, and that this server leads, for as long as the process lives."""
        sent_at = 0.0
        while True:
            with self.lock:
                due = sent_at + self.heartbeat_s()
                while not (self.sends() and (self.has_news(peer) or time.monotonic() >= due)):
                    self.changed.wait(max(0.005, due - time.monotonic()) if self.sends() else None)
                before = self.next[peer] - 1
                entries = [list(entry) for entry in self.log[before + 1 :]]
                request = (self.term, self.id, before, self.log[before][0], entries, self.commit)
            sent_at = time.monotonic()
            reply = self.call(peer, "appendEntries", request)
            with self.lock:
                if reply is None:
                    self.changed.wait(0.1)
                elif not self.crashed:
                    self.on_append_reply(peer, request, reply)

    def sends(self):
        return self.role == "leader" and not self.crashed

    def has_news(self, peer):
        return self.next[peer] < len(self.log) or self.told[peer] < min(self.commit, self.match[peer])

    def on_append_reply(self, peer, request, reply):
        term, _, before, _, entries, commit = request
        if reply[0] > self.term:
            self.step_down(reply[0])
        elif self.role != "leader" or term != self.term:
            return
        elif reply[1]:
            self.match[peer] = max(self.match[peer], before + len(entries))
            self.next[peer] = self.match[peer] + 1
            self.told[peer] = max(self.told[peer], min(commit, self.match[peer]))
            self.advance_commit()
            self.changed.notify_all()
        else:
            self.next[peer] = max(1, min(before, reply[2]))

    def advance_commit(self):
        for index in range(len(self.log) - 1, self.commit, -1):
            holders = 1 + sum(self.match[peer] >= index for peer in self.peers)
            if holders >= self.majority() and self.may_commit(index):
                self.commit_to(index)
                return

    def commit_to(self, index):
        self.commit = max(self.commit, index)
        while self.applied < self.commit:
            self.applied += 1
            answer = self.apply(self.log[self.applied][1])
            if self.role == "leader":
                self.answers[self.applied] = answer
        self.changed.notify_all()

    # --- the follower's side -----------------------------------------------------------------

    def append_entries(self, term, leader, before, before_term, entries, commit):
        with self.lock:
            if self.crashed:
                raise Fault(2, "isCrashed")
            if term < self.term:
                return [self.term, False, 0]
            self.step_down(term)
            self.hears_leader()
            if before >= len(self.log) or self.log[before][0] != before_term:
                return [self.term, False, min(len(self.log), before)]
            for index, entry in enumerate(entries, before + 1):
                if index < len(self.log) and self.log[index][0] != entry[0]:
                    del self.log[index:]
                if index >= len(self.log):
                    self.log.append((entry[0], entry[1]))
            self.commit_to(min(commit, before + len(entries)))
            return [self.term, True, 0]

    def hears_leader(self):
        self.rest()

    def request_vote(self, term, candidate, last_index, last_term):
        with self.lock:
            if self.crashed:
                raise Fault(2, "isCrashed")
            if term > self.term:
                self.step_down(term)
            up_to_date = (last_term, last_index) >= (self.log[-1][0], len(self.log) - 1)
            granted = term == self.term and self.voted_for in (None, candidate) and up_to_date
            if granted:
                self.voted_for = candidate
                self.rest()
            return [self.term, granted]

    def watch_leader(self):
        """Campaigns when no leader was heard for as long as the election timeout."""
        while True:
            time.sleep(TICK_S)
            with self.lock:
                if not self.crashed and self.role != "leader" and time.monotonic() >= self.timeout_at:
                    self.campaign()

    # --- clients -----------------------------------------------------------------------------

    def propose(self, operation):
        """Appends an operation and waits, as long as it takes, until a majority knows that it is committed."""
        with self.lock:
            self.check_leads()
            term, index = self.term, len(self.log)
            self.log.append((term, operation))
            self.advance_commit()
            self.changed.notify_all()
            while not self.is_done(index, term):
                self.changed.wait()
                self.check_leads()
                if term != self.term:
                    raise Fault(4, "steppedDown: another leader decides what becomes of it")
            return self.answers.pop(index, True)

    def check_leads(self):
        if self.crashed:
            raise Fault(2, "isCrashed")
        if self.role != "leader":
            raise Fault(1, "notLeader")

    def is_done(self, index, term):
        """Whether a majority knows that the entry is committed."""
        knowing = 1 + sum(self.told[peer] >= index for peer in self.peers)
        return self.applied >= index and knowing >= self.majority()

    def get_file_info_map(self):
        return self.propose(["map"])

    def update_file(self, name, version, hashes):
        return self.propose(["update", name, version, hashes])

    def tester_get_version(self, name):
        with self.lock:
            return self.version_of(name)

    def is_leader(self):
        with self.lock:
            return self.role == "leader" and not self.crashed

    def is_crashed(self):
        with self.lock:
            return self.crashed

    def crash(self):
        with self.lock:
            if not self.crashed:
                self.crashed, self.role = True, "follower"
                self.changed.notify_all()
            return True

    def restore(self):
        with self.lock:
            if self.crashed:
                self.crashed = False
                self.rest()
            return True

    # --- the process -------------------------------------------------------------------------

    def call(self, peer, method, request):
        """The peer's answer, or None."""
        host, port = self.addresses[peer]
        try:
            with ServerProxy(f"http://{host}:{port}/RPC2", PeerTransport(), allow_none=True) as proxy:
                return getattr(proxy.surfstore, method)(*request)
        except Exception:
            return None

    def methods(self):
        return {
            "ping": lambda: True,
            "getfileinfomap": self.get_file_info_map,
            "updatefile": self.update_file,
            "tester_getversion": self.tester_get_version,
            "isLeader": self.is_leader,
            "isCrashed": self.is_crashed,
            "crash": self.crash,
            "restore": self.restore,
            "appendEntries": self.append_entries,
            "requestVote": self.request_vote,
        }

    def run(self):
        listener = self.listen(self.addresses[self.id])
        for name, method in self.methods().items():
            listener.register_function(method, f"surfstore.{name}")
        threading.Thread(target=self.watch_leader, daemon=True).start()
        for peer in self.peers:
            threading.Thread(target=self.replicate, args=(peer,), daemon=True).start()
        listener.serve_forever()

    def listen(self, address):
        return Listener(address, requestHandler=Handler, logRequests=False, allow_none=True)


if __name__ == "__main__":
    Raft(sys.argv[1], int(sys.argv[2])).run()
