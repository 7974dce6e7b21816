"""Blocks come back as they were, and versions are taken in order."""

import hashlib
import os
import xmlrpc.client

from surf import Cluster, equal, fault_of, main


def run(addresses):
    cluster = Cluster(addresses)
    server = cluster[cluster.leader()]
    block = os.urandom(4096) + bytes(range(256))
    hash_ = hashlib.sha256(block).hexdigest()
    missing = hashlib.sha256(b"not stored").hexdigest()

    equal(server.ping(), True, "ping")
    equal(server.putblock(xmlrpc.client.Binary(block)), True, "putblock")
    equal(server.getblock(hash_).data, block, "getblock")
    equal(server.hasblocks([hash_, missing]), [hash_], "hasblocks")
    fault_of(server.getblock, missing)

    equal(server.updatefile("blocks.txt", 1, [hash_]), True, "version 1")
    equal(server.updatefile("blocks.txt", 1, [hash_]), False, "version 1 again")
    equal(server.updatefile("blocks.txt", 5, [hash_]), False, "version 5")
    equal(server.getfileinfomap()["blocks.txt"], [1, [hash_]], "the file")


main(run)
