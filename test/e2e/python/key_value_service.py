"""The steps of the assignment about a key/value service over HTTP: put, append and get, then servers that are shut down."""

import json
import time

from rest import Servers, ask, status_of
from surf import check, equal, main


def run(arguments):
    config, *addresses = arguments
    servers = Servers(config, addresses)
    try:
        servers.start(0, 1, 2)
        replication(servers)
        leader_shut_down(servers)
        two_shut_down(servers)
    finally:
        servers.stop()


def put(servers, server, value, path="/keys/a"):
    return ask(servers.addresses[server], "POST", path, {"type": "PUT", "value": value})


def append(servers, server, value, path="/keys/a"):
    return ask(servers.addresses[server], "POST", path, {"type": "APPEND", "value": value})


def get(servers, server, path="/keys/a"):
    return ask(servers.addresses[server], "GET", path)


def has(servers, server, value):
    code, kind, text = get(servers, server)
    equal((code, kind, json.loads(text)), (200, "application/json", value), "the value on server %d" % server)


def replication(servers):
    leader = servers.leader()
    statuses = [status_of(address) for address in servers.addresses]
    equal(sorted(status["state"] for status in statuses), [0, 0, 2], "states: one leader, two followers")
    equal([status["self"] for status in statuses], servers.addresses, "who they are")
    for status in statuses:
        equal(status["partner_nodes_count"], 2, "partners")
        others = [address for address in servers.addresses if address != status["self"]]
        equal([status["partner_node_status_server_" + other] for other in others], [2, 2], "connected partners")
        check("leads" in status["explanation"] and "at most one leader" in status["explanation"], "an explanation")
    on_leader = statuses[leader]
    for address in servers.addresses:
        if address != servers.addresses[leader]:
            check(on_leader["match_idx_server_" + address] >= 1, "what the leader knows of %s" % address)
            check(on_leader["next_node_idx_server_" + address] >= 2, "what the leader sends to %s" % address)

    equal(put(servers, 0, ["cat", "dog"])[0], 204, "put on server 0")
    has(servers, 1, ["cat", "dog"])
    # The first write through a server opens the server's session, by an entry of its own.
    equal(put(servers, leader, ["first"])[0], 204, "the first put on the leader")
    before = status_of(servers.addresses[leader])
    equal(put(servers, leader, ["cat"])[0], 204, "put on the leader")
    after_put = status_of(servers.addresses[leader])
    equal(append(servers, leader, ["mouse"])[0], 204, "append, as the assignment writes it")
    equal(append(servers, leader, "bird")[0], 204, "append of a string")
    after_append = status_of(servers.addresses[leader])
    has(servers, leader, ["cat", "mouse", "bird"])
    after_get = status_of(servers.addresses[leader])
    equal([after_put[f] - before[f] for f in ("log_len", "commit_idx", "last_applied")], [1, 1, 1], "what a put changes")
    equal(after_append["commit_idx"] - after_put["commit_idx"], 2, "what two appends change")
    equal(after_get["commit_idx"], after_append["commit_idx"], "what a get changes")
    equal({s["raft_term"] for s in (before, after_put, after_append, after_get)}, {before["raft_term"]}, "no election")

    equal(append(servers, 1, "x", "/keys/new")[0], 204, "append to a key that is not there")
    equal(json.loads(get(servers, 2, "/keys/new")[2]), ["x"], "what it made")
    equal(get(servers, 2, "/keys/nothing")[0], 404, "a key that is not there")
    equal(put(servers, 0, ["slash"], "/keys/a%2Fb")[0], 204, "a key with a slash")
    equal(json.loads(get(servers, 1, "/keys/a%2Fb")[2]), ["slash"], "the key with a slash")


def leader_shut_down(servers):
    leader = servers.leader()
    term = status_of(servers.addresses[leader])["raft_term"]
    servers.shut_down(leader)
    one, _ = servers.up
    new = servers.leader()
    check(new != leader, "another leader")
    check(status_of(servers.addresses[one])["raft_term"] > term, "a later term")
    equal(status_of(servers.addresses[one])["partner_node_status_server_" + servers.addresses[leader]], 0, "the missing partner")
    equal(put(servers, one, ["without", "leader"])[0], 204, "put with two of three")
    servers.start(leader)
    has(servers, leader, ["without", "leader"])
    equal(servers.leader(), new, "a server that comes back brings no election")


def two_shut_down(servers):
    leader = servers.leader()
    follower, remaining = [server for server in servers.up if server != leader]
    servers.shut_down(follower)
    equal(put(servers, remaining, ["last"])[0], 204, "put with two of three")
    servers.shut_down(leader)
    begun = time.monotonic()
    for what, answer in (
        ("get", get(servers, remaining, "/keys/a?timeout_ms=1000")),
        ("put", put(servers, remaining, ["lost"], "/keys/a?timeout_ms=1000")),
        ("append", append(servers, remaining, "lost", "/keys/a?timeout_ms=1000")),
    ):
        code, kind, text = answer
        equal(code, 503, "%s with one of three" % what)
        check(kind.startswith("text/plain") and "majority" in text, "a reason: %r" % text)
    check(time.monotonic() - begun < 10, "within their deadlines")
    equal(json.loads(get(servers, remaining, "/keys/a?consistency=local")[2]), ["last"], "what the last server has")
    check(status_of(servers.addresses[remaining])["state"] != 2, "nobody leads")
    servers.start(follower, leader)
    for server in servers.up:
        has(servers, server, ["last"])


main(run)
