"""A client in the manner of the course's Project 2: one sync of a folder with one server, in which the server wins."""

import hashlib
import os
import re
import sys
import xmlrpc.client


def blocks_of(path, size):
    with open(path, "rb") as file:
        data = file.read()
    return [data[at : at + size] for at in range(0, len(data), size)]


def hashes_of(blocks):
    return [hashlib.sha256(block).hexdigest() for block in blocks]


def read_index(path):
    index = {}
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                # From its end, for names may hold blanks.
                name, version, hashes = re.match(r"(.*) (\d+)((?: (?:[0-9a-f]{64}|0|-1))*) ?$", line).groups()
                index[name] = [int(version), hashes.split()]
    return index


def sync(address, folder, size):
    server = xmlrpc.client.ServerProxy(f"http://{address}/").surfstore
    index_path = os.path.join(folder, "index.txt")
    index = read_index(index_path)
    names = [n for n in os.listdir(folder) if n != "index.txt" and os.path.isfile(os.path.join(folder, n))]
    local = {name: blocks_of(os.path.join(folder, name), size) for name in names}
    remote = server.getfileinfomap()

    # New and changed files go up, deleted ones as tombstones.
    for name in set(local) | set(index):
        version, known = index.get(name, [0, ["0"]])
        now = hashes_of(local[name]) if name in local else ["0"]
        if now == known:
            continue
        if name in local:
            stored = server.hasblocks(now)
            for block, hash_ in zip(local[name], now):
                if hash_ not in stored:
                    server.putblock(xmlrpc.client.Binary(block))
        if server.updatefile(name, version + 1, now):
            index[name] = [version + 1, now]

    # What the server has wins.
    for name, (version, hashes) in server.getfileinfomap().items():
        if index.get(name, [0, None])[0] == version and name in index:
            continue
        path = os.path.join(folder, name)
        if hashes == ["0"]:
            if os.path.exists(path):
                os.remove(path)
        else:
            with open(path, "wb") as file:
                for hash_ in hashes:
                    file.write(server.getblock(hash_).data)
        index[name] = [version, hashes]

    with open(index_path, "w") as file:
        for name, (version, hashes) in index.items():
            file.write(f"{name} {version} {' '.join(hashes)}\n")


sync(sys.argv[1], sys.argv[2], int(sys.argv[3]))
