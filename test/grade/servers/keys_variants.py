"""Servers of the key/value assignment that break one rule each, to see that a grader names it.

    python3 keys_variants.py VARIANT CONFIG ID
    python3 keys_variants.py --list
"""

import sys
import threading

from keys import LEADER, Raft, Unavailable

VARIANTS = {}


def variant(name):
    def register(cls):
        VARIANTS[name] = cls
        return cls

    return register


@variant("keeps-to-itself")
class KeepsToItself(Raft):
    """Each server has lists of its own."""

    def write(self, operation):
        with self.lock:
            self.apply(operation)

    def read(self, key):
        with self.lock:
            return self.lists.get(key)


@variant("followers-refuse-writes")
class FollowersRefuseWrites(Raft):
    def write(self, operation):
        return self.propose(operation)


@variant("acknowledges-at-once")
class AcknowledgesAtOnce(Raft):
    """Does not wait for a majority, nor for a leader."""

    def write(self, operation):
        threading.Thread(target=self.write_later, args=(operation,), daemon=True).start()

    def write_later(self, operation):
        try:
            super().write(operation)
        except Unavailable:
            pass


@variant("computes-appends-at-receipt")
class ComputesAppendsAtReceipt(Raft):
    """Reads the list, adds to it, and puts it: what came in between is gone."""

    def write(self, operation):
        kind, key, value = operation
        if kind == "APPEND":
            operation = ["PUT", key, (self.read(key) or []) + value]
        return super().write(operation)


@variant("never-catches-up")
class NeverCatchesUp(Raft):
    """Sends a follower only what is new, though its log may be shorter. Reads are those of each server itself."""

    def read(self, key):
        with self.lock:
            return self.lists.get(key)

    def on_append_reply(self, peer, before, count, reply):
        if reply[1]:
            super().on_append_reply(peer, before, count, reply)


@variant("leads-alone")
class LeadsAlone(Raft):
    """Takes every server that answers not at all for one that has no objections."""

    def campaign(self):
        super().campaign()
        threading.Timer(0.5, self.take_over, args=(self.term,)).start()

    def take_over(self, term):
        with self.lock:
            if self.role != LEADER and self.term == term and self.leader is None:
                self.votes = {self.id, *self.peers}
                self.role = 1
                self.count_votes()


@variant("status-in-other-words")
class StatusInOtherWords(Raft):
    def status(self):
        told = super().status()
        return {"role": ["follower", "candidate", "leader"][told["state"]], "term": told["raft_term"]}


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(VARIANTS))
    else:
        VARIANTS[sys.argv[1]](sys.argv[2], int(sys.argv[3])).run()
