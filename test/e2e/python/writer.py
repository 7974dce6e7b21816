"""Writes one file a hundred times over XML-RPC and reads the map after each."""

from surf import Cluster, equal, main


def run(addresses):
    cluster = Cluster(addresses)
    server = cluster[cluster.leader()]
    for version in range(1, 101):
        equal(server.updatefile("python.txt", version, ["v%d" % version]), True, "version %d" % version)
        equal(server.getfileinfomap()["python.txt"], [version, ["v%d" % version]], "the map")


main(run)
