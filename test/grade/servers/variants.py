"""Servers that break one rule each, to see that a grader names it.

    python3 variants.py VARIANT CONFIG ID
    python3 variants.py --list
"""

import os
import random
import sys
import threading
import time
from xmlrpc.client import Fault

from honest import Listener, Raft

VARIANTS = {}


def variant(name):
    def register(cls):
        VARIANTS[name] = cls
        return cls

    return register


def hang():
    threading.Event().wait()


# --- versions and commits ----------------------------------------------------------------------


@variant("no-version-check")
class NoVersionCheck(Raft):
    def apply(self, operation):
        if operation is None or operation[0] == "map":
            return super().apply(operation)
        self.files[operation[1]] = (operation[2], operation[3])
        return True


@variant("check-at-receipt")
class CheckAtReceipt(NoVersionCheck):
    """Looks at the version when the call comes, and no more when the entry is applied."""

    def update_file(self, name, version, hashes):
        with self.lock:
            self.check_leads()
            is_next = version == self.version_of(name) + 1
        if not is_next:
            self.propose(None)
            return False
        return super().update_file(name, version, hashes)


@variant("acknowledges-before-commit")
class AcknowledgesBeforeCommit(Raft):
    def update_file(self, name, version, hashes):
        with self.lock:
            self.check_leads()
            is_next = version == self.version_of(name) + 1
            self.log.append((self.term, ["update", name, version, hashes]))
            self.advance_commit()
            self.changed.notify_all()
            return is_next


@variant("answers-on-followers")
class AnswersOnFollowers(Raft):
    def get_file_info_map(self):
        with self.lock:
            if self.role != "leader" and not self.crashed:
                return self.apply(["map"])
        return super().get_file_info_map()


@variant("answers-without-majority")
class AnswersWithoutMajority(Raft):
    """Gives up waiting for a majority after a while, and says that all is well."""

    def update_file(self, name, version, hashes):
        done = []
        thread = threading.Thread(target=lambda: done.append(self.propose(["update", name, version, hashes])))
        with self.lock:
            self.check_leads()
        thread.daemon = True
        thread.start()
        thread.join(2.4)
        return done[0] if done else True

    def get_file_info_map(self):
        with self.lock:
            self.check_leads()
            return self.apply(["map"])


@variant("commits-old-terms")
class CommitsOldTerms(Raft):
    """Counts the holders of entries of earlier terms, too (paper, figure 8)."""

    def may_commit(self, index):
        return True

    def on_lead(self):
        pass


@variant("applies-twice")
class AppliesTwice(Raft):
    def apply(self, operation):
        answer = super().apply(operation)
        if answer is True and operation is not None:
            _, name, version, hashes = operation
            self.files[name] = (version + 1, hashes)
        return answer


@variant("even-majority")
class EvenMajority(Raft):
    def majority(self):
        return (len(self.addresses) + 1) // 2


# --- crash and restore -------------------------------------------------------------------------


@variant("leads-on-after-restore")
class LeadsOnAfterRestore(Raft):
    def crash(self):
        with self.lock:
            self.crashed = True
            self.changed.notify_all()
            return True


@variant("term-grows-while-crashed")
class TermGrowsWhileCrashed(Raft):
    def watch_leader(self):
        threading.Thread(target=self.age, daemon=True).start()
        super().watch_leader()

    def age(self):
        while True:
            time.sleep(0.3)
            with self.lock:
                if self.crashed:
                    self.term, self.voted_for = self.term + 1, self.id


@variant("loses-log-at-restore")
class LosesLogAtRestore(Raft):
    def restore(self):
        with self.lock:
            if self.crashed:
                self.log, self.files, self.commit, self.applied = [(0, None)], {}, 0, 0
            return super().restore()


@variant("deadlock-on-crash")
class DeadlockOnCrash(Raft):
    def crash(self):
        with self.lock:
            self.crashed = True
            hang()


@variant("hangs-after-restore")
class HangsAfterRestore(Raft):
    """The first call after a restore is never answered."""

    is_stuck = False

    def restore(self):
        self.is_stuck = True
        return super().restore()

    def methods(self):
        return {name: self.guarded(name, method) for name, method in super().methods().items()}

    def guarded(self, name, method):
        def call(*params):
            if self.is_stuck and name not in ("restore", "appendEntries", "requestVote"):
                self.is_stuck = False
                hang()
            return method(*params)

        return call


# --- elections ---------------------------------------------------------------------------------


@variant("forgets-timer")
class ForgetsTimer(Raft):
    """A heartbeat does not keep it from campaigning."""

    def hears_leader(self):
        pass


@variant("skips-heartbeats")
class SkipsHeartbeats(Raft):
    """A leader that now and then forgets its followers for longer than they wait."""

    def heartbeat_s(self):
        return 3.0 if time.monotonic() % 4.0 < 0.5 else super().heartbeat_s()


@variant("equal-timeouts")
class EqualTimeouts(Raft):
    def election_timeout(self):
        return 0.8

    def ask_vote(self, peer, request):
        time.sleep(0.12)  # a network on which candidates do not hear of each other at once
        super().ask_vote(peer, request)


@variant("never-re-randomises")
class NeverReRandomises(EqualTimeouts):
    """Draws once, from a range that is far too narrow, and keeps to it."""

    drawn = None

    def election_timeout(self):
        if self.drawn is None:
            self.drawn = random.uniform(0.8, 0.805)
        return self.drawn


# --- manners -----------------------------------------------------------------------------------


@variant("busy-loops")
class BusyLoops(Raft):
    def watch_leader(self):
        threading.Thread(target=self.spin, daemon=True).start()
        super().watch_leader()

    def spin(self):
        while True:
            if self.crashed:
                continue


@variant("one-lock")
class OneLock(Raft):
    """A client that waits keeps everybody else waiting."""

    def methods(self):
        door = threading.Lock()

        def through_door(method):
            def call(*params):
                with door:
                    return method(*params)

            return call

        free = ("appendEntries", "requestVote")
        methods = super().methods().items()
        return {name: method if name in free else through_door(method) for name, method in methods}


@variant("floods-log")
class FloodsLog(Raft):
    def watch_leader(self):
        threading.Thread(target=self.chatter, daemon=True).start()
        super().watch_leader()

    def chatter(self):
        while True:
            time.sleep(0.004)
            print(f"[{time.time()}] server {self.id} role {self.role} term {self.term} log {len(self.log)}", flush=True)


@variant("many-rpcs")
class ManyRpcs(Raft):
    """About sixty a second to each follower, by three threads: on a busy machine one alone would not manage."""

    def heartbeat_s(self):
        return 1 / 20

    def watch_leader(self):
        for peer in 2 * self.peers:
            threading.Thread(target=self.replicate, args=(peer,), daemon=True).start()
        super().watch_leader()


@variant("dies-on-unknown-method")
class DiesOnUnknownMethod(Raft):
    def listen(self, address):
        listener = super().listen(address)
        dispatch = listener._dispatch

        def strict(method, params):
            if method not in listener.funcs:
                print(f"KeyError: {method}", file=sys.stderr, flush=True)
                os._exit(1)
            return dispatch(method, params)

        listener._dispatch = strict
        return listener


# --- the form of answers -----------------------------------------------------------------------


@variant("returns-none")
class ReturnsNone(Raft):
    def update_file(self, name, version, hashes):
        super().update_file(name, version, hashes)


@variant("map-as-two-dicts")
class MapAsTwoDicts(Raft):
    def get_file_info_map(self):
        files = super().get_file_info_map()
        return [{name: info[0] for name, info in files.items()}, {name: info[1] for name, info in files.items()}]


@variant("hash-list-as-string")
class HashListAsString(Raft):
    def get_file_info_map(self):
        files = super().get_file_info_map()
        return {name: [version, ",".join(map(str, hashes))] for name, (version, hashes) in files.items()}


@variant("no-version-of-missing-file")
class NoVersionOfMissingFile(Raft):
    def tester_get_version(self, name):
        with self.lock:
            return self.files[name][0]


# --- servers that do no honest work ------------------------------------------------------------


@variant("refuses-everything")
class RefusesEverything(Raft):
    def methods(self):
        def refuse(*_):
            raise Fault(1, "not now")

        return {name: refuse for name in super().methods()}


@variant("nonsense")
class Nonsense(Raft):
    def methods(self):
        answers = {"getfileinfomap": [{}, {}]}
        return {name: lambda *_, name=name: answers.get(name, "yes") for name in super().methods()}


@variant("exception-after-write")
class ExceptionAfterWrite(Raft):
    """One update in ten is done, and then ends in an exception."""

    updates = 0

    def update_file(self, name, version, hashes):
        answer = super().update_file(name, version, hashes)
        self.updates += 1
        if self.updates % 10 == 0:
            raise KeyError(name)
        return answer


@variant("hangs")
class Hangs(Raft):
    def methods(self):
        return {name: lambda *_: hang() for name in super().methods()}


@variant("does-not-start")
class DoesNotStart(Raft):
    def run(self):
        raise ImportError("No module named 'raft_helpers'")


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(VARIANTS))
    else:
        VARIANTS[sys.argv[1]](sys.argv[2], int(sys.argv[3])).run()
