"""Whatever a server refuses, the next call on the same connection works."""

import http.client
import xmlrpc.client

from surf import check, equal, fault_of, main, proxy


def run(addresses):
    for address in addresses:
        server = proxy(address)

        def refused(code, what, call, *args):
            fault = fault_of(call, *args)
            equal(fault.faultCode, code, what)
            equal(server.surfstore.ping(), True, "ping after %s" % what)

        refused(-32601, "an unknown method", server.surfstore.nothing)
        refused(-32601, "an unknown prefix", server.other.ping)
        refused(-32602, "a missing parameter", server.surfstore.updatefile, "name", 1)
        refused(-32602, "a wrong type", server.surfstore.updatefile, "name", "one", [])
        refused(-32602, "a control character in a name", server.surfstore.updatefile, "", 1, [])
        for name in ("bell\x07", "zero\x00", "escape\x1b[2J"):
            refused(-32700, "a control character", server.surfstore.updatefile, name, 1, [])
            refused(-32700, "a control character", server.surfstore.tester_getversion, name)
        malformed_on_one_connection(address)
        too_large(address)


def malformed_on_one_connection(address):
    """Bodies that are no calls are answered with HTTP 200 and a fault, on a connection that stays open."""
    connection = http.client.HTTPConnection(address)
    for body in (b"", b"nonsense", b"<methodCall>", b"<a></b>", b"{}", b"\xff\xfe\x00", b"<methodResponse/>"):
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        answer = connection.getresponse()
        equal(answer.status, 200, "HTTP status for %r" % body)
        try:
            xmlrpc.client.loads(answer.read())
            check(False, "%r got no fault" % body)
        except xmlrpc.client.Fault as fault:
            check(-32710 <= fault.faultCode <= -32600, "fault code %d for %r" % (fault.faultCode, body))
    connection.close()


def too_large(address):
    server = proxy(address)
    try:
        server.surfstore.updatefile("large", 1, ["x" * (9 * 1024 * 1024)])
        check(False, "a body of 9 MiB was taken")
    except xmlrpc.client.ProtocolError as error:
        equal(error.errcode, 413, "HTTP status of a body of 9 MiB")
    equal(server.surfstore.ping(), True, "ping after a body that was too large")


main(run)
