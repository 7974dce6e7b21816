"""An honest server of the key/value assignment: Raft in memory, HTTP, and nothing but Python's standard library.

    python3 keys.py CONFIG ID

Each rule that a broken server forgets is a method of its own, so that `keys_variants.py` can replace it.
"""

import json
import random
import sys
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from honest import read_config

HEARTBEAT_S = 0.2
ELECTION_S = (0.8, 1.6)
PEER_TIMEOUT_S = 0.6
CALL_TIMEOUT_S = 4.0
TICK_S = 0.02
FOLLOWER, CANDIDATE, LEADER = 0, 1, 2


class Unavailable(Exception):
    """The call was not done, or nobody knows."""


class Raft:
    def __init__(self, config, own_id):
        self.addresses = read_config(config)
        self.id = own_id
        self.peers = [peer for peer in range(len(self.addresses)) if peer != own_id]
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.role, self.leader = FOLLOWER, None
        self.term, self.voted_for, self.votes = 0, None, set()
        self.log = [(0, None)]  # (term, operation); the first entry is none
        self.commit = self.applied = 0
        self.lists = {}
        self.next = {peer: 1 for peer in self.peers}
        self.match = {peer: 0 for peer in self.peers}
        self.rest()

    # --- rules -------------------------------------------------------------------------------

    def majority(self):
        return len(self.addresses) // 2 + 1

    def rest(self):
        self.timeout_at = time.monotonic() + random.uniform(*ELECTION_S)

    def apply(self, operation):
        if operation is None:
            return
        kind, key, value = operation
        if kind == "PUT":
            self.lists[key] = list(value)
        elif kind == "APPEND":
            self.lists[key] = self.lists.get(key, []) + list(value)

    def entries_for(self, peer):
        """What a peer does not have yet, and the index before it."""
        before = self.next[peer] - 1
        return before, self.log[before + 1 :]

    def write(self, operation):
        """At any server: what is not the leader passes it on."""
        return self.at_leader("/raft/write", operation, self.propose)

    def read(self, key):
        """Asks the leader, after whatever was written before; an operation of its own in the log makes sure of that."""
        return self.at_leader("/raft/read", key, self.read_here)

    def status(self):
        with self.lock:
            return {
                "self": self.name(self.id),
                "state": self.role,
                "leader": None if self.leader is None else self.name(self.leader),
                "raft_term": self.term,
                "commit_idx": self.commit,
                "last_applied": self.applied,
                "log_len": len(self.log),
                "partner_nodes_count": len(self.peers),
            }

    # --- roles -------------------------------------------------------------------------------

    def step_down(self, term, leader=None):
        if term > self.term:
            self.term, self.voted_for = term, None
        if self.role == LEADER:
            self.rest()
        self.role, self.leader = FOLLOWER, leader
        self.changed.notify_all()

    def campaign(self):
        self.role, self.leader = CANDIDATE, None
        self.term, self.voted_for, self.votes = self.term + 1, self.id, {self.id}
        self.rest()
        request = [self.term, self.id, len(self.log) - 1, self.log[-1][0]]
        for peer in self.peers:
            threading.Thread(target=self.ask_vote, args=(peer, request), daemon=True).start()
        self.count_votes()

    def ask_vote(self, peer, request):
        reply = self.call(peer, "/raft/vote", request)
        with self.lock:
            if reply is None:
                return
            if reply[0] > self.term:
                self.step_down(reply[0])
            elif self.role == CANDIDATE and self.term == request[0] and reply[1]:
                self.votes.add(peer)
                self.count_votes()

    def count_votes(self):
        if self.role == CANDIDATE and len(self.votes) >= self.majority():
            self.role, self.leader = LEADER, self.id
            for peer in self.peers:
                self.next[peer], self.match[peer] = len(self.log), 0
            self.log.append((self.term, None))
            self.advance_commit()
            self.changed.notify_all()

    def vote(self, term, candidate, last_index, last_term):
        with self.lock:
            if term > self.term:
                self.step_down(term)
            up_to_date = (last_term, last_index) >= (self.log[-1][0], len(self.log) - 1)
            granted = term == self.term and self.voted_for in (None, candidate) and up_to_date
            if granted:
                self.voted_for = candidate
                self.rest()
            return [self.term, granted]

    def watch_leader(self):
        while True:
            time.sleep(TICK_S)
            with self.lock:
                if self.role != LEADER and time.monotonic() >= self.timeout_at:
                    self.campaign()

    # --- the log -----------------------------------------------------------------------------

    def replicate(self, peer):
        told = 0
        sent_at = 0.0
        while True:
            with self.lock:
                due = sent_at + HEARTBEAT_S
                while not (
                    self.role == LEADER
                    and (self.next[peer] < len(self.log) or told < self.commit or time.monotonic() >= due)
                ):
                    self.changed.wait(max(0.005, due - time.monotonic()) if self.role == LEADER else None)
                before, entries = self.entries_for(peer)
                commit = self.commit
                request = [self.term, self.id, before, self.log[before][0], entries, commit]
            sent_at = time.monotonic()
            reply = self.call(peer, "/raft/append", request)
            with self.lock:
                if reply is None:
                    self.changed.wait(0.1)
                elif reply[0] > self.term:
                    self.step_down(reply[0])
                elif self.role == LEADER and request[0] == self.term:
                    told = commit if reply[1] else told
                    self.on_append_reply(peer, before, len(entries), reply)

    def on_append_reply(self, peer, before, count, reply):
        if reply[1]:
            self.match[peer] = max(self.match[peer], before + count)
            self.next[peer] = self.match[peer] + 1
            self.advance_commit()
        else:
            self.next[peer] = max(1, min(before, reply[2]))

    def advance_commit(self):
        for index in range(len(self.log) - 1, self.commit, -1):
            holders = 1 + sum(self.match[peer] >= index for peer in self.peers)
            if holders >= self.majority() and self.log[index][0] == self.term:
                self.commit_to(index)
                return

    def commit_to(self, index):
        self.commit = max(self.commit, index)
        while self.applied < self.commit:
            self.applied += 1
            self.apply(self.log[self.applied][1])
        self.changed.notify_all()

    def append(self, term, leader, before, before_term, entries, commit):
        with self.lock:
            if term < self.term:
                return [self.term, False, 0]
            self.step_down(term, leader)
            self.rest()
            if before >= len(self.log) or self.log[before][0] != before_term:
                return [self.term, False, min(len(self.log), before)]
            for index, entry in enumerate(entries, before + 1):
                if index < len(self.log) and self.log[index][0] != entry[0]:
                    del self.log[index:]
                if index >= len(self.log):
                    self.log.append((entry[0], entry[1]))
            self.commit_to(min(commit, before + len(entries)))
            return [self.term, True, 0]

    # --- clients -----------------------------------------------------------------------------

    def at_leader(self, path, operation, here):
        end = time.monotonic() + CALL_TIMEOUT_S
        while time.monotonic() < end:
            with self.lock:
                leader = self.leader
            if leader == self.id:
                return here(operation)
            if leader is not None:
                answer = self.call(leader, path, operation, CALL_TIMEOUT_S)
                # It may have been done: it is not sent again.
                if answer is None or "error" in answer:
                    raise Unavailable("the leader gave no answer" if answer is None else answer["error"])
                return answer["value"]
            time.sleep(0.05)
        raise Unavailable("no leader is known")

    def propose(self, operation):
        """Appends an operation, and waits until it is committed."""
        with self.lock:
            if self.role != LEADER:
                raise Unavailable("this server does not lead")
            term, index = self.term, len(self.log)
            self.log.append((term, operation))
            self.advance_commit()
            self.changed.notify_all()
            end = time.monotonic() + CALL_TIMEOUT_S
            while self.applied < index:
                self.changed.wait(max(0.0, end - time.monotonic()))
                if term != self.term or self.role != LEADER or time.monotonic() >= end:
                    raise Unavailable("no majority has it; it may still be done")

    def read_here(self, key):
        self.propose(None)
        with self.lock:
            return self.lists.get(key)

    # --- the process -------------------------------------------------------------------------

    def name(self, server):
        host, port = self.addresses[server]
        return f"{host}:{port}"

    def call(self, peer, path, body, timeout=PEER_TIMEOUT_S):
        """The peer's answer, or None."""
        host, port = self.addresses[peer]
        connection = HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        except (OSError, ValueError):
            return None
        finally:
            connection.close()

    def answer_peer(self, path, body):
        if path == "/raft/append":
            return self.append(*body)
        if path == "/raft/vote":
            return self.vote(*body)
        try:
            return {"value": self.propose(body) if path == "/raft/write" else self.read_here(body)}
        except Unavailable as error:
            return {"error": str(error)}

    def run(self):
        host, port = self.addresses[self.id]
        handler = type("RaftHandler", (Handler,), {"raft": self})
        listener = Listener((host, port), handler)
        threading.Thread(target=self.watch_leader, daemon=True).start()
        for peer in self.peers:
            threading.Thread(target=self.replicate, args=(peer,), daemon=True).start()
        listener.serve_forever()


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    raft = None

    def do_GET(self):
        if self.path == "/admin/status":
            self.reply(200, self.raft.status())
            return
        try:
            value = self.raft.read(unquote(self.path.removeprefix("/keys/")))
            self.reply(404 if value is None else 200, value)
        except Unavailable as error:
            self.reply(503, str(error))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if self.path.startswith("/raft/"):
            self.reply(200, self.raft.answer_peer(self.path, body))
            return
        value = body["value"] if isinstance(body["value"], list) else [body["value"]]
        try:
            self.raft.write([body["type"], unquote(self.path.removeprefix("/keys/")), value])
            self.reply(201, "done")
        except Unavailable as error:
            self.reply(503, str(error))

    def reply(self, status, value):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Raft(sys.argv[1], int(sys.argv[2])).run()
