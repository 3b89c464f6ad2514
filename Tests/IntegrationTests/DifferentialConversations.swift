// Conversations with a Redis server as raw bytes, for the differential tests.

import TestSupport

/// A conversation: what a client sends, and what it waits for before it sends on.
///
/// Every conversation ends with the server's close, so that "all that came" has an end.
struct RedisTalk: Sendable, CustomStringConvertible {
    enum Step: Sendable {
        case send(String)
        case sendBytes([UInt8])
        /// Waits for bytes that end so.
        case wait(String)
        /// Another client, directly at the server, runs a command.
        case elsewhere([String])
    }

    let description: String
    let steps: [Step]

    init(_ description: String, _ steps: Step...) {
        self.description = description
        self.steps = steps
    }

    /// A conversation of one write.
    init(_ description: String, _ text: String) { self.init(description, .send(text)) }

    static let inline = [
        RedisTalk("inline commands with LF and CRLF", "SET a 1\r\nGET a\nQUIT\r\n"),
        RedisTalk("inline quotes and escapes", "SET 'a b' \"x\\x41\\n\\\"y\"\r\nGET \"a b\"\r\nQUIT\r\n"),
        RedisTalk("unbalanced quotes close", "PING\r\nSET a \"b\r\nPING\r\n"),
        RedisTalk("empty lines get no reply", "\r\n\n\r\nPING\r\n\r\nQUIT\r\n"),
        RedisTalk(
            "inline and RESP alternate", "PING\r\n*1\r\n$4\r\nPING\r\nECHO hi\n*2\r\n$4\r\nECHO\r\n$2\r\nyo\r\nQUIT\r\n"
        ),
        RedisTalk(
            "an endless inline line closes", .send("PING\r\n"), .wait("+PONG\r\n"),
            .sendBytes(Array(repeating: 0x61, count: 65_537))),
        RedisTalk("POST closes without a reply", "POST / HTTP/1.1\r\nHost: x\r\n\r\n"),
        RedisTalk("Host: closes without a reply", .send("PING\r\n"), .wait("+PONG\r\n"), .send("Host: localhost\r\n")),
        RedisTalk("an HTTP GET is a command that fails", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        RedisTalk("POST as an array closes too", "*2\r\n$4\r\nPOST\r\n$1\r\n/\r\n"),
    ]

    static let requests = [
        RedisTalk("*0 and *-1 get no reply", "*0\r\n*-1\r\nPING\r\n*0\r\nPING\r\nQUIT\r\n"),
        RedisTalk("a bad multibulk count closes behind earlier replies", "PING\r\nSET a 1\r\n*x\r\nPING\r\n"),
        RedisTalk("a count beyond INT_MAX closes", "PING\r\n*2147483648\r\nPING\r\n"),
        RedisTalk("a negative bulk length closes", "PING\r\n*1\r\n$-1\r\nPING\r\n"),
        RedisTalk("a bulk beyond proto-max-bulk-len closes", "PING\r\n*2\r\n$4\r\nECHO\r\n$536870913\r\n"),
        RedisTalk("a missing dollar closes", "*1\r\nPING\r\n"),
        RedisTalk("a 64-bit length closes", "*1\r\n$9223372036854775807\r\nPING\r\n"),
        RedisTalk(
            "binary keys and empty bulks",
            "*3\r\n$3\r\nSET\r\n$4\r\n\0\r\n*\r\n$0\r\n\r\n*2\r\n$3\r\nGET\r\n$4\r\n\0\r\n*\r\nQUIT\r\n"),
        RedisTalk("QUIT, and then more", "PING\r\nQUIT\r\nPING\r\nSET after quit\r\n"),
        RedisTalk(
            "unknown commands and wrong arities", "NOPE a b c\r\nGET\r\nSET a\r\nHELLO x\r\nCONFIG NOPE\r\nQUIT\r\n"),
        RedisTalk(
            "nested replies", "EVAL \"return {1,{2,{3,{4,{}}}},'x',false,{err='MYERR bad'},{ok='FINE'}}\" 0\r\nQUIT\r\n"
        ),
        RedisTalk(
            "a transaction",
            "MULTI\r\nINCR n\r\nPING\r\nLRANGE l 0 -1\r\nEXEC\r\nMULTI\r\nINCR\r\nINCR n\r\nEXEC\r\nEXEC\r\nMULTI\r\nMULTI\r\nDISCARD\r\nDISCARD\r\nQUIT\r\n"
        ),
        RedisTalk(
            "a watched key that changed", .send("WATCH w\r\nMULTI\r\nSET w 1\r\n"), .wait("+QUEUED\r\n"),
            .elsewhere(["SET", "w", "2"]), .send("EXEC\r\nGET w\r\nQUIT\r\n")),
        RedisTalk(
            "blocking commands in a pipeline",
            "RPUSH q a b\r\nBLPOP q 0\r\nBRPOP q 0\r\nBLPOP q 0.01\r\nPING\r\nQUIT\r\n"),
        RedisTalk(
            "SELECT and errors keep their place",
            "SET a 0\r\nSELECT 1\r\nGET a\r\nINCR a b\r\nSELECT 99\r\nGET a\r\nQUIT\r\n"),
        RedisTalk("AUTH without a password", "AUTH x\r\nAUTH u p\r\nQUIT\r\n"),
    ]

    static let modes = [
        RedisTalk("HELLO alone", "HELLO\r\nQUIT\r\n"),
        RedisTalk(
            "HELLO 3 in the middle of a pipeline",
            "HSET h a 1\r\nHGETALL h\r\nHELLO 3\r\nHGETALL h\r\nGET none\r\nHELLO 2\r\nHGETALL h\r\nGET none\r\nQUIT\r\n"
        ),
        RedisTalk(
            "HELLO with an unknown version",
            "HELLO 4\r\nHELLO 1\r\nHELLO 3 SETNAME me\r\nCLIENT GETNAME\r\nHELLO 3 NOPE\r\nQUIT\r\n"),
        RedisTalk(
            "every RESP3 type",
            "HELLO 3\r\n"
                + [
                    "string", "integer", "double", "null", "array", "set", "map", "attrib", "push", "verbatim", "true",
                    "false", "bignum",
                ].map { "DEBUG PROTOCOL \($0)\r\n" }.joined() + "QUIT\r\n"),
        RedisTalk(
            "CLIENT REPLY OFF and ON",
            "PING\r\nCLIENT REPLY OFF\r\nPING\r\nGET x\r\nCLIENT REPLY ON\r\nPING\r\nQUIT\r\n"),
        RedisTalk(
            "CLIENT REPLY SKIP",
            "CLIENT REPLY SKIP\r\nECHO skipped\r\nECHO heard\r\nCLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nECHO skipped\r\nPING\r\nQUIT\r\n"
        ),
        RedisTalk(
            "SUBSCRIBE in RESP2",
            "SUBSCRIBE a b\r\nGET x\r\nPING\r\nPING hi\r\nPSUBSCRIBE p*\r\nUNSUBSCRIBE\r\nUNSUBSCRIBE\r\nPUNSUBSCRIBE p*\r\nPING\r\nGET x\r\nQUIT\r\n"
        ),
        RedisTalk(
            "SUBSCRIBE in RESP3",
            "HELLO 3\r\nSUBSCRIBE a b\r\nGET x\r\nPING\r\nPUBLISH a self\r\nSSUBSCRIBE s\r\nUNSUBSCRIBE\r\nUNSUBSCRIBE\r\nSUNSUBSCRIBE\r\nGET x\r\nQUIT\r\n"
        ),
        RedisTalk(
            "messages of others", .send("SUBSCRIBE a\r\n"), .wait(":1\r\n"), .elsewhere(["PUBLISH", "a", "hello"]),
            .wait("hello\r\n"), .send("UNSUBSCRIBE\r\nPING\r\nQUIT\r\n")),
        RedisTalk(
            "pushes between replies", .send("HELLO 3\r\nSUBSCRIBE a\r\n"), .wait(":1\r\n"),
            .elsewhere(["PUBLISH", "a", "hello"]), .wait("hello\r\n"), .send("GET x\r\nPING\r\nQUIT\r\n")),
        RedisTalk(
            "tracking pushes", .send("HELLO 3\r\nCLIENT TRACKING ON\r\nGET t\r\n"), .wait("_\r\n"),
            .elsewhere(["SET", "t", "1"]), .wait("$1\r\nt\r\n"), .send("GET t\r\n"), .wait("1\r\n"),
            .elsewhere(["FLUSHALL"]), .wait("invalidate\r\n_\r\n"), .send("CLIENT TRACKING OFF\r\nQUIT\r\n")),
        RedisTalk(
            "RESET undoes it all",
            "HELLO 3 SETNAME me\r\nSELECT 2\r\nMULTI\r\nSUBSCRIBE a\r\nRESET\r\nEXEC\r\nCLIENT GETNAME\r\nGET x\r\nSUBSCRIBE a\r\nRESET\r\nGET x\r\nCLIENT REPLY OFF\r\nRESET\r\nPING\r\nQUIT\r\n"
        ),
        RedisTalk(
            "MONITOR", .send("PING\r\nMONITOR\r\n"), .wait("+OK\r\n"), .elsewhere(["SET", "seen", "by the monitor"]),
            .wait("monitor\"\r\n"), .send("RESET\r\nPING\r\nQUIT\r\n")),
        RedisTalk(
            "killed by another client", .send("CLIENT SETNAME victim\r\nPING\r\n"), .wait("+PONG\r\n"),
            .elsewhere(["EVAL", "return 1", "0"]), .send("CLIENT KILL TYPE normal SKIPME no\r\n")),
    ]

    /// For a server that asks for the password `sesame`.
    static let guarded = [
        RedisTalk(
            "AUTH in every spelling",
            "PING\r\nAUTH wrong\r\nAUTH sesame\r\nPING\r\nAUTH default sesame\r\nHELLO 3 AUTH default wrong\r\nHELLO 3 AUTH default sesame\r\nPING\r\nRESET\r\nPING\r\nQUIT\r\n"
        ),
        RedisTalk("HELLO without a password", "HELLO 3\r\nHELLO 2 SETNAME x\r\nQUIT\r\n"),
        RedisTalk("more than 10 arguments before AUTH close", "PING\r\n*11\r\n$4\r\nPING\r\n"),
        RedisTalk("a bulk beyond 16384 bytes before AUTH closes", "PING\r\n*2\r\n$4\r\nECHO\r\n$16385\r\n"),
        RedisTalk(
            "both pass after AUTH",
            "AUTH sesame\r\n*12\r\n$3\r\nDEL\r\n" + String(repeating: "$1\r\na\r\n", count: 11)
                + "*2\r\n$4\r\nECHO\r\n$16385\r\n" + String(repeating: "e", count: 16_385) + "\r\nQUIT\r\n"),
    ]

    /// For a server of a cluster that serves no slot.
    static let cluster = [
        RedisTalk(
            "answers of a cluster",
            "GET a\r\nMGET a b\r\nASKING\r\nGET a\r\nREADONLY\r\nCLUSTER SLOTS\r\nCLUSTER KEYSLOT a\r\nMULTI\r\nGET a\r\nEXEC\r\nSELECT 1\r\nSSUBSCRIBE s\r\nREADWRITE\r\nQUIT\r\n"
        )
    ]

    static let long = [
        RedisTalk(
            "a pipeline of 20,000",
            String(repeating: "PING\r\nINCR n\r\nGET n\r\nGET none\r\n", count: 5000) + "QUIT\r\n"),
        RedisTalk(
            "a reply of 10,000 elements",
            "EVAL \"local t={} for i=1,10000 do t[i]={i,'x'..i} end return t\" 0\r\nPING\r\nQUIT\r\n"),
        RedisTalk(
            "values of 1 MiB in a pipeline",
            "*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$1048576\r\n" + String(repeating: "0123456789abcdef", count: 65_536)
                + "\r\nGET v\r\nSTRLEN v\r\nGET v\r\nQUIT\r\n"),
    ]
}
