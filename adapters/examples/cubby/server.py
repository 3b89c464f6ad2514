"""A toy server of the made-up protocol Cubby, for adapters/GUIDE.md: python3 server.py PORT [TOKEN]."""
import socketserver
import sys

ITEMS, TOKEN = {}, sys.argv[2] if len(sys.argv) > 2 else ""


class Cubby(socketserver.StreamRequestHandler):
    revision = 0

    def say(self, text, body=None):
        self.wfile.write(text.encode() + b"\n" + (b"" if body is None else body + b"\n"))

    def store(self, name, length, expected=None):
        body = self.rfile.read(int(length) + 1)[:-1]
        if expected is not None and (name not in ITEMS or ITEMS[name][0] != int(expected)):
            return self.say("STALE")
        Cubby.revision += 1
        ITEMS[name] = (Cubby.revision, body)
        self.say(f"DONE {Cubby.revision}")

    def handle(self):
        self.say("HELLO cubby/1")
        allowed = not TOKEN
        for line in self.rfile:
            word, *rest = line.decode().split()
            if word == "LOGIN":
                allowed = not TOKEN or rest == [TOKEN]
                self.say("WELCOME" if allowed else "DENIED wrong token")
            elif not allowed:
                self.say("OOPS log in first")
            elif word == "ALIVE":
                self.say("ALIVE")
            elif word == "FETCH" and len(rest) == 1:
                revision, body = ITEMS.get(rest[0], (0, None))
                self.say("NOTHING" if body is None else f"ITEM {len(body)} {revision}", body)
            elif word == "STORE" and len(rest) in (2, 3):
                self.store(*rest)
            elif word == "DROP" and len(rest) == 1:
                self.say("NOTHING" if ITEMS.pop(rest[0], None) is None else "DONE 0")
            else:
                self.say(f"OOPS what is {word}?")


if __name__ == "__main__":
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Cubby) as server:
        server.daemon_threads = True
        server.serve_forever()
