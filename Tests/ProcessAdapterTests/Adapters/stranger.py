"""Something at the socket that does not speak gRPC: it says `words`, or nothing, and keeps the connection open."""

import socket
import sys

path, words = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
print("listening", flush=True)
connections = []
while True:
    connection, _ = listener.accept()
    connections.append(connection)
    if words:
        connection.sendall(words)
