"""The steps of the assignment about a key/value service of JSON messages, over TCP and over HTTP."""

import json
import time

from rest import Lines, Servers, ask
from surf import ELECTION_S, check, equal, main, until

VALUES = ["v", "", 22, -1.5, True, None, [], ["a", {"b": None}], {"name": "bob", "age": "22"}, "\u00e4\u2028\U0001f600"]


def run(arguments):
    config, *addresses = arguments
    servers = Servers(config, addresses)
    try:
        servers.start(0, 1, 2)
        any_value(servers, over_tcp)
        any_value(servers, over_http)
        leaders_removed(servers)
    finally:
        servers.stop()


def over_tcp(address, message):
    lines = Lines(address)
    try:
        return lines.send(message)
    finally:
        lines.close()


def over_http(address, message):
    code, kind, text = ask(address, "POST", "/messages", message)
    equal((code, kind), (200, "application/json"), "the answer to a message")
    return json.loads(text)


def put(key, value):
    return {"type": "put", "payload": {"key": key, "value": value}}


def get(key):
    return {"type": "get", "payload": {"key": key}}


def follow(servers, server, send, message):
    """The reply of the leader, and who that is."""
    reply = send(servers.addresses[server], message)
    if reply["code"] != "redirect":
        return reply, server
    leader = reply["payload"]["leader"]
    address = "%s:%d" % (leader["host"], leader["port"])
    equal(address, servers.addresses[leader["id"]], "the leader's address")
    reply = send(address, message)
    check(reply["code"] != "redirect", "the leader of a quiet cluster redirects nobody: %r" % reply)
    return reply, leader["id"]


def any_value(servers, send):
    leader = servers.leader()
    for number, value in enumerate(VALUES):
        for server in servers.up:
            reply, answered_by = follow(servers, server, send, put("k%d" % number, value))
            equal((reply, answered_by), ({"code": "success"}, leader), "put of %r" % (value,))
            reply, _ = follow(servers, server, send, get("k%d" % number))
            equal(reply, {"code": "success", "payload": {"key": "k%d" % number, "value": value}}, "get")
    reply, _ = follow(servers, 0, send, get("nothing"))
    equal((reply["code"], reply["payload"]["key"]), ("fail", "nothing"), "get of a key that is not there")
    check(reply["payload"]["message"], "a message")
    lines = Lines(servers.addresses[leader])
    for nonsense in ({}, [], 1, "x", {"type": "put"}, {"type": "steal", "payload": {"key": "k"}}, put("", 1), put(5, 1)):
        equal(lines.send(nonsense)["code"], "fail", "%r" % (nonsense,))
    equal(lines.send(put("still", "there")), {"code": "success"}, "the connection goes on")
    lines.close()


def leaders_removed(servers):
    servers.shut_down(servers.leader())

    def done():
        try:
            reply, _ = follow(servers, servers.up[0], over_tcp, put("after", "the leader"))
        except ConnectionRefusedError:
            # Redirected to the one that is gone, which the others have not noticed yet.
            return False
        return reply == {"code": "success"}

    until("a put once another leads", done, ELECTION_S)
    servers.shut_down(servers.leader())
    (last,) = servers.up
    address = servers.addresses[last]
    # Until it has noticed, it redirects to the one that is gone.
    until("nobody leads", lambda: over_tcp(address, {**get("after"), "timeout_ms": 100})["code"] == "fail", ELECTION_S)
    for message in (get("after"), put("after", "all others")):
        begun = time.monotonic()
        reply = over_tcp(address, {**message, "timeout_ms": 1000})
        equal(reply["code"], "fail", "one server of three")
        check("majority" in reply["payload"]["message"], "a reason: %r" % reply)
        check(time.monotonic() - begun < 5, "within the deadline")
    servers.start(*(server for server in range(3) if server != last))
    servers.leader()
    reply, _ = follow(servers, last, over_http, get("after"))
    equal(reply["payload"]["value"], "the leader", "all as before")


main(run)
