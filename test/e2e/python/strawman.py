"""Five servers started one at a time, then their leaders crashed one after another."""

import time

from surf import Cluster, Process, check, equal, main


def run(arguments):
    config, *addresses = arguments
    cluster = Cluster(addresses)
    processes = []

    def start(server):
        processes.append(Process(config, server))

    def lonely(seconds, up):
        """Nobody leads for so long, nor until somebody has tried to."""
        roles = set()
        began_at = time.monotonic()
        while time.monotonic() < began_at + seconds or not any("andidate" in role for role in roles):
            check(time.monotonic() < began_at + 15.0, "somebody is a candidate, roles: %r" % roles)
            equal(cluster.leaders(up), [], "leaders among %d of 5" % len(up))
            roles |= {cluster[i].status()["role"] for i in up}
            time.sleep(0.02)

    try:
        start(0)
        lonely(3.0, [0])
        start(1)
        lonely(3.0, [0, 1])
        start(2)
        leader = cluster.leader([0, 1, 2])
        for newcomer in (3, 4):
            start(newcomer)
            ends_at = time.monotonic() + 2.0
            while time.monotonic() < ends_at:
                equal(cluster.leaders(range(newcomer + 1)), [leader], "the leader once %d is up" % newcomer)
                time.sleep(0.02)

        for _ in range(2):
            equal(cluster[leader].crash(), True, "crash")
            leader = cluster.leader(other_than=leader)
        equal(cluster[leader].crash(), True, "crash of the third leader")
        cluster.nobody_leads(3.0)
    finally:
        for process in processes:
            process.stop()


main(run)
