"""A grader's view of the services over HTTP and JSON, with nothing but Python's own library."""

import http.client
import json
import os
import socket
import tempfile

from surf import ELECTION_S, Process, check, until


def host_and_port(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


def ask(address, method, path, body=None, headers=None):
    """Status, content type and body of one request on a connection of its own."""
    connection = http.client.HTTPConnection(*host_and_port(address), timeout=30)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type"), response.read().decode()
    finally:
        connection.close()


def status_of(address):
    code, kind, text = ask(address, "GET", "/admin/status")
    check(code == 200 and kind == "application/json", "the status of %s: %r %r" % (address, code, kind))
    return json.loads(text)


class Lines:
    """JSON messages as lines over one TCP connection."""

    def __init__(self, address):
        self.socket = socket.create_connection(host_and_port(address), timeout=30)
        self.file = self.socket.makefile("rw", encoding="utf-8", newline="\n")

    def send(self, message):
        self.file.write(json.dumps(message) + "\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def close(self):
        self.file.close()
        self.socket.close()


class Servers:
    """Servers started by the script, each with a data directory."""

    def __init__(self, config, addresses):
        self.config = config
        self.addresses = addresses
        self.folder = tempfile.TemporaryDirectory(prefix="surfstore-e2e-")
        self.processes = {}

    def start(self, *ids):
        for server in ids:
            directory = os.path.join(self.folder.name, str(server))
            self.processes[server] = Process(self.config, server, "--data-dir", directory)

    def shut_down(self, server):
        self.processes.pop(server).shut_down()

    @property
    def up(self):
        return sorted(self.processes)

    def leader(self):
        """The server that leads and that all others that are up follow."""

        def agreed():
            statuses = {server: status_of(self.addresses[server]) for server in self.up}
            leaders = [server for server, status in statuses.items() if status["state"] == 2]
            followed = all(status["leader"] == self.addresses[leaders[0]] for status in statuses.values()) if leaders else False
            return leaders if len(leaders) == 1 and followed else None

        return until("one leader that all follow", agreed, 2 * ELECTION_S)[0]

    def stop(self):
        for process in self.processes.values():
            process.stop()
        self.folder.cleanup()
