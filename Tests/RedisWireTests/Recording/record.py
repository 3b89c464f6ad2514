"""Records conversations with a real redis-server, one command at a time, as Swift source for the tests.

Usage: record.py PORT > ../RecordedConversations.swift
The server must be a scratch one, started with --enable-debug-command yes. Each step is what one command sent
and every byte that came before the next command was sent, so the file holds the server's own pairing.
"""

import re
import socket
import sys

PORT = int(sys.argv[1])
OTHER = b"\0other"  # a step that another connection sends


def connect():
    client = socket.create_connection(("127.0.0.1", PORT))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def drain(client, seconds=0.15):
    client.settimeout(seconds)
    received = b""
    try:
        while piece := client.recv(65536):
            received += piece
    except (socket.timeout, ConnectionResetError):
        pass
    return received


def resp(*words):
    out = b"*%d\r\n" % len(words)
    for word in words:
        word = word.encode()
        out += b"$%d\r\n%s\r\n" % (len(word), word)
    return out


def other(line):
    return OTHER + line.encode() + b"\r\n"


def lines(text):
    return [line.encode() + b"\r\n" for line in text.split("; ")]


CONVERSATIONS = {
    "strings": [resp("SET", "k", "v"), resp("GET", "k"), resp("get", "none"), resp("LPUSH", "k", "x"),
                resp("MGET", "k", "none"), resp("NoSuchCommand", "a"), resp("DEL", "k")],
    "inline and RESP in turn": [b"PING\r\n", resp("PING"), b"ECHO \"a b\"\n", b"\r\n", b"*0\r\n", resp("ECHO", "x")],
    "server reads headers loosely": [b"*1\rX$4\rYPINGzz", b"*-5\r\n", b"*-1\r\n", b"\"\\x50ING\"\n", b"PING\ra\n"],
    "reply off and on": lines("CLIENT REPLY OFF; PING a; GET x; CLIENT REPLY SKIP; PING; CLIENT REPLY ON; PING b"),
    "reply skip": lines("CLIENT REPLY SKIP; PING a; PING b; CLIENT REPLY SKIP; CLIENT REPLY SKIP; PING c; PING d"),
    "reply skip ends with an empty request": [b"CLIENT REPLY SKIP\r\n", b"*0\r\n", b"PING\r\n",
                                              b"CLIENT REPLY SKIP\r\n", b"\r\n", b"PING\r\n"],
    "reply skip and on": lines("CLIENT REPLY SKIP; CLIENT REPLY ON; PING b"),
    "reply modes refused": lines("CLIENT REPLY; CLIENT REPLY OFF x; CLIENT REPLY foo; PING"),
    "reset answers under off": lines("CLIENT REPLY OFF; PING a; RESET; PING b"),
    "reset is skipped": lines("CLIENT REPLY SKIP; RESET; PING b"),
    "confirmations pass under off":
        lines("CLIENT REPLY OFF; SUBSCRIBE a b; PING; UNSUBSCRIBE; CLIENT REPLY ON; PING c"),
    "a refused subscription under off": lines("CLIENT REPLY OFF; SUBSCRIBE; GET x; CLIENT REPLY ON; PING c"),
    "confirmations pass under skip": lines("CLIENT REPLY SKIP; SUBSCRIBE a b; PING"),
    "subscriptions in RESP2":
        [*lines("SUBSCRIBE a b a; PSUBSCRIBE p*"), other("PUBLISH a hello"), other("PUBLISH px hello"),
         *lines("GET x; PING; PING z; CLIENT REPLY OFF; UNSUBSCRIBE; PUNSUBSCRIBE; PUNSUBSCRIBE; UNSUBSCRIBE q r; "
                "UNSUBSCRIBE; PING; LRANGE none 0 1")],
    "shard subscriptions": [*lines("SSUBSCRIBE s1 s2; SUBSCRIBE a"), other("SPUBLISH s1 hello"),
                            *lines("SUNSUBSCRIBE; UNSUBSCRIBE; PING")],
    "subscriptions in RESP3":
        [*lines("HELLO 3; SUBSCRIBE a b; PING"), other("PUBLISH b hello"),
         *lines("GET x; UNSUBSCRIBE; UNSUBSCRIBE; SUBSCRIBE; PING")],
    "lists that look like messages":
        lines("DEL l; RPUSH l message a b; LRANGE l 0 -1; EVAL \"return {'subscribe','a',1}\" 0; HELLO 3; SUBSCRIBE a; "
              "LRANGE l 0 -1; EVAL \"return {'subscribe','a',1}\" 0; UNSUBSCRIBE; DEL l"),
    "reset ends subscriptions": [*lines("HELLO 3; SUBSCRIBE a; RESET; GET x"), other("PUBLISH a gone"), b"PING\r\n"],
    "transactions": lines("MULTI; SET k v; GET k; EXEC; MULTI; NOSUCH; EXEC; EXEC; DISCARD; MULTI; BLPOP l 0; EXEC"),
    "subscribing in a transaction in RESP2":
        [*lines("MULTI; SUBSCRIBE a; PING; EXEC; PING"), other("PUBLISH a hello"), b"UNSUBSCRIBE\r\n", b"GET x\r\n"],
    "subscribing in a transaction in RESP3":
        [*lines("HELLO 3; MULTI; SUBSCRIBE a; EXEC"), other("PUBLISH a hello"), *lines("PING; UNSUBSCRIBE a; GET x")],
    "hello in a pipeline": lines("HSET h a b; HGETALL h; HELLO 3; HGETALL h; HELLO 4; HGETALL h; HELLO 2; HGETALL h; "
                                 "HELLO; HELLO 02; DEL h"),
    "hello under off": lines("CLIENT REPLY OFF; HELLO 3; CLIENT REPLY ON; SUBSCRIBE a; PING"),
    "monitor": [b"MONITOR\r\n", other("PING other"), *lines("PING; MONITOR; PING; GET x; RESET; PING")],
    "monitor under off": [*lines("CLIENT REPLY OFF; MONITOR; PING; CLIENT REPLY ON"), other("PING other"), b"PING z\r\n"],
    "monitor in a transaction": lines("MULTI; MONITOR; EXEC; PING"),
    "what a RESP2 subscriber is refused":
        lines("MONITOR; SUBSCRIBE a; REPLCONF ACK 1; MONITOR; MULTI; CLIENT REPLY OFF; EXEC; HELLO 3; DISCARD; PING; "
              "UNSUBSCRIBE; REPLCONF ACK 1; PING"),
    "hello in a transaction": lines("MULTI; HELLO 3; HGETALL h; EXEC; SUBSCRIBE a; GET x; MULTI; HELLO 2; EXEC; GET x; "
                                    "UNSUBSCRIBE; GET x"),
    "hello refused under off": lines("CLIENT REPLY OFF; SUBSCRIBE a; HELLO 3; UNSUBSCRIBE; CLIENT REPLY ON; HGETALL h"),
    "reset then CLIENT REPLY": lines("SUBSCRIBE a b; PSUBSCRIBE p; UNSUBSCRIBE a; CLIENT REPLY SKIP; RESET; "
                                     "CLIENT REPLY SKIP; PING; HELLO 3; SUBSCRIBE a; CLIENT REPLY SKIP; PING; GET x"),
    "replconf": lines("REPLCONF ACK 1; REPLCONF GETACK *; REPLCONF capa x; PING"),
    "every RESP3 type": [b"HELLO 3\r\n"] + [b"DEBUG PROTOCOL %s\r\n" % kind for kind in (
        b"string", b"integer", b"double", b"null", b"array", b"set", b"map", b"attrib", b"push", b"verbatim",
        b"true", b"false", b"bignum")],
    "nested replies": lines("COMMAND INFO get; HELLO 3; COMMAND INFO get; COMMAND DOCS ping; XADD s 1-1 a b; "
                            "XINFO STREAM s FULL; XREAD BLOCK 1 STREAMS s 0; XREAD BLOCK 1 STREAMS s 1-1; DEL s"),
    "tracking": [*lines("HELLO 3; CLIENT TRACKING ON; GET tracked"), other("SET tracked 1"),
                 *lines("PING; GET tracked; FLUSHALL; PING")],
    "quit": lines("PING; QUIT"),
}


def literal(data):
    text = "".join(
        {0x0D: "\\r", 0x0A: "\\n", 0x22: '\\"', 0x5C: "\\\\"}.get(byte, chr(byte)) for byte in data)
    assert all(0x0A <= ord(character) < 0x7F for character in text), text
    return '"%s"' % text


print("""// Conversations with redis-server 7.0.15, written by Recording/record.py.

// swift-format-ignore-file
let recordedConversations: [RecordedConversation] = [""")
for name, steps in CONVERSATIONS.items():
    client, second = connect(), connect()
    print('    RecordedConversation("%s", [' % name)
    for step in steps:
        if step.startswith(OTHER):
            second.sendall(step[len(OTHER):])
            drain(second)
            sent = b""
        else:
            client.sendall(step)
            sent = step
        received = drain(client)
        received = re.sub(rb"127\.0\.0\.1:\d+", b"127.0.0.1:50000", received)
        received = re.sub(rb"\+\d{10}\.\d{6} \[", b"+1700000000.000001 [", received)
        print("        (%s,\n         %s)," % (literal(sent), literal(received)))
    print("    ]),")
    client.close()
    second.close()
print("]")
