"""A crashed minority misses every update, and has them all one second after it is restored; again and again."""

import time

from surf import CATCH_UP_S, Cluster, equal, main


def run(addresses):
    cluster = Cluster(addresses)
    leader = cluster.leader()
    name = "minority.txt"
    version = 0
    for round_ in range(3):
        followers = cluster.followers(leader)
        crashed = [followers[(round_ + i) % len(followers)] for i in range(len(addresses) - cluster.majority)]
        for server in crashed:
            equal(cluster[server].crash(), True, "crash")
        for _ in range(5):
            version += 1
            equal(cluster[leader].updatefile(name, version, [str(version)]), True, "version %d" % version)
            for server in crashed:
                equal(cluster[server].tester_getversion(name), version - version_gap(version), "crashed server")
        for server in crashed:
            equal(cluster[server].restore(), True, "restore")
        time.sleep(CATCH_UP_S)
        equal(cluster.versions(name), [version] * len(addresses), "versions after a second")
        equal(cluster.leaders(), [leader], "leaders after the return of the minority")


def version_gap(version):
    """How many updates of its round of five a crashed server has missed."""
    return (version - 1) % 5 + 1


main(run)
