"""The C library xmlrpc-c as a client, through its shared library: the main calls, and arrays as arguments.

Exits with 77 where the library is not installed.
"""

import ctypes
import ctypes.util
import sys

from surf import Cluster, check, equal, main


class Environment(ctypes.Structure):
    _fields_ = [("fault_occurred", ctypes.c_int), ("fault_code", ctypes.c_int), ("fault_string", ctypes.c_char_p)]


def load(name):
    for soname in (ctypes.util.find_library(name), "lib%s.so.3" % name):
        try:
            if soname is not None:
                return ctypes.CDLL(soname)
        except OSError:
            pass
    print("lib%s is not installed" % name)
    sys.exit(77)


class Fault(Exception):
    pass


class Client:
    """Calls by xmlrpc_client_call2f's plainer relative: the parameters as one array value."""

    def __init__(self):
        self.lib = load("xmlrpc")
        self.client = load("xmlrpc_client")
        for function in ("xmlrpc_int_new", "xmlrpc_string_new", "xmlrpc_array_new", "xmlrpc_base64_new"):
            getattr(self.lib, function).restype = ctypes.c_void_p
        self.client.xmlrpc_client_call_params.restype = ctypes.c_void_p
        env = self.env()
        self.client.xmlrpc_client_setup_global_const(ctypes.byref(env))
        self.client.xmlrpc_client_init2(ctypes.byref(env), 0, b"surfstore-test", b"1", None, 0)
        self.check(env)

    def env(self):
        env = Environment()
        self.lib.xmlrpc_env_init(ctypes.byref(env))
        return env

    def check(self, env):
        if env.fault_occurred:
            raise Fault(env.fault_code, (env.fault_string or b"").decode())

    def call(self, address, method, *args):
        env = self.env()
        url = b"http://%s/RPC2" % address.encode()
        params = ctypes.c_void_p(self.value(list(args)))
        result = self.client.xmlrpc_client_call_params(ctypes.byref(env), url, method.encode(), params)
        self.check(env)
        return self.read(ctypes.c_void_p(result))

    def value(self, given):
        env = self.env()
        ref = ctypes.byref(env)
        if isinstance(given, list):
            made = self.lib.xmlrpc_array_new(ref)
            for item in given:
                self.lib.xmlrpc_array_append_item(ref, ctypes.c_void_p(made), ctypes.c_void_p(self.value(item)))
        elif isinstance(given, int):
            made = self.lib.xmlrpc_int_new(ref, given)
        else:
            made = self.lib.xmlrpc_string_new(ref, given.encode())
        self.check(env)
        return made

    def read(self, value):
        """Booleans, ints, strings and arrays as Python values; a struct as the number of its members."""
        env = self.env()
        ref = ctypes.byref(env)
        kind = self.lib.xmlrpc_value_type(value)
        if kind in (0, 1):
            number = ctypes.c_int()
            read = self.lib.xmlrpc_read_int if kind == 0 else self.lib.xmlrpc_read_bool
            read(ref, value, ctypes.byref(number))
            made = number.value if kind == 0 else bool(number.value)
        elif kind == 4:
            text = ctypes.c_char_p()
            self.lib.xmlrpc_read_string(ref, value, ctypes.byref(text))
            made = text.value.decode()
        elif kind == 6:
            made = []
            for index in range(self.lib.xmlrpc_array_size(ref, value)):
                item = ctypes.c_void_p()
                self.lib.xmlrpc_array_read_item(ref, value, index, ctypes.byref(item))
                made.append(self.read(item))
        elif kind == 7:
            made = self.lib.xmlrpc_struct_size(ref, value)
        else:
            made = "type %d" % kind
        self.check(env)
        return made


def run(addresses):
    client = Client()
    leader = addresses[Cluster(addresses).leader()]
    follower = next(address for address in addresses if address != leader)

    equal(client.call(leader, "surfstore.ping"), True, "ping")
    equal(client.call(leader, "surfstore.isLeader"), True, "isLeader of the leader")
    equal(client.call(follower, "surfstore.isLeader"), False, "isLeader of a follower")
    equal(client.call(leader, "surfstore.updatefile", "c.txt", 1, ["h1", "h2"]), True, "strings")
    equal(client.call(leader, "surfstore.updatefile", "c.txt", 2, [1, 2, 3]), True, "ints")
    equal(client.call(leader, "surfstore.updatefile", "c.txt", 2, []), False, "a version that is taken")
    equal(client.call(leader, "surfstore.tester_getversion", "c.txt"), 2, "version")
    check(client.call(leader, "surfstore.getfileinfomap") >= 1, "the map has members")
    check("surfstore.ping" in client.call(leader, "system.listMethods"), "listMethods")
    for address, method, args, word in (
        (follower, "surfstore.updatefile", ("c.txt", 3, []), "notLeader"),
        (leader, "surfstore.nothing", (), "nothing"),
    ):
        try:
            client.call(address, method, *args)
            check(False, "%s gave no fault" % method)
        except Fault as fault:
            check(word in fault.args[1], "the fault of %s: %r" % (method, fault.args))


main(run)
