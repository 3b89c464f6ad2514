// Answers that belong to another request: by a field that differs, or because that message answers something else.

import Capabilities
import Multiplex
import Testing

@testable import DeclaredAdapter

@Suite("An answer that belongs to another request is none")
struct BelongingTests {
    private func inputs(_ first: String, keys: [String] = []) -> Inputs {
        var inputs = Inputs()
        inputs.first = bytes(first)
        inputs.keys = keys.map { bytes($0) }
        return inputs
    }

    /// Whether `answer` breaks the connection without an outcome, however it is cut.
    private func isBroken(_ rig: ReplayRig, _ operation: String, _ answer: [UInt8], _ request: Inputs) -> Bool {
        rig.everyWay(operation, answer, id: 7, to: request).allSatisfy { $0.broken != nil && $0.outcome == nil }
    }

    @Test(
        "a value of another key breaks the connection, however close the key is",
        arguments: ["other", "mine2", "min", "Mine", "mine%20"])
    func otherKey(key: String) throws {
        let rig = try ReplayRig(shipped: "memcached")
        let answer = bytes("VA 1 k\(key)\r\nx\r\n")
        #expect(isBroken(rig, "get", answer, inputs("mine")))
        #expect(try #require(rig.everyWay("get", answer, to: inputs(key)).only).value == bytes("x"))
        #expect(isBroken(rig, "get-versioned", bytes("VA 1 c5 k\(key)\r\nx\r\n"), inputs("mine")))
    }

    @Test("keys that mean the same number are two keys")
    func numbers() throws {
        let rig = try ReplayRig(shipped: "memcached")
        #expect(isBroken(rig, "get", bytes("VA 1 k01\r\nx\r\n"), inputs("1")))
        let text = """
            adapter: house
            transport: { schemes: [tcp], port: 7070 }
            framing: { lines: { end: "\\n" } }
            keys: { allowed: printable }
            messages:
              HELD: { line: "HELD {holder}", is: result }
            capabilities: { lock.release: native }
            operations:
              release: { send: "RELEASE {name} {owner.length} {owner}\\n", replies: { HELD: [{ if: "holder == owner", is: result }, missing] } }
            """
        let locks = try ReplayRig(text)
        var request = inputs("l")
        request.second = bytes("1")
        #expect(try #require(locks.everyWay("release", bytes("HELD 01\n"), to: request).only).outcome == .missing)
        #expect(try #require(locks.everyWay("release", bytes("HELD 1\n"), to: request).only).outcome == .result)
    }

    @Test(
        "a message that is not expected breaks the connection, in a file that says what is", arguments: [true, false])
    func expected(isSaid: Bool) throws {
        let rig = try ReplayRig(
            """
            adapter: house
            transport: { schemes: [tcp], port: 7070 }
            framing: { lines: { end: "\\n" } }
            keys: { allowed: printable }
            messages:
              VALUE: { line: "VALUE {value}", is: result }
              NONE: { line: "NONE", is: missing }
              STORED: { line: "STORED", is: result }
              NOTE: { line: "NOTE", is: ignored }
            capabilities: { kv.get: native }
            operations:
              get: { send: "GET {key}\\n"\(isSaid ? ", expects: VALUE, replies: { NONE: missing }" : "") }
            """)
        #expect(isBroken(rig, "get", bytes("STORED\n"), inputs("k")) == isSaid)
        #expect(try #require(rig.everyWay("get", bytes("NOTE\nVALUE x\n")).only).value == bytes("x"))
        #expect(try #require(rig.everyWay("get", bytes("NONE\n")).only).outcome == .missing)
    }

    @Test(
        "a message that answers another command breaks the connection",
        arguments: [
            ("get", "NS kk\r\n"), ("get", "END\r\n"), ("get", "HD kk\r\n"), ("get", "EN kl\r\n"),
            ("exists", "HD kl\r\n"), ("get", "VALUE k 0 1\r\nx\r\nEND\r\n"),
            ("get", "VA 1 c5 kk\r\nx\r\n"), ("get-versioned", "VA 1 kk\r\nx\r\n"), ("set", "NF kk\r\n"),
            ("set", "EN kk\r\n"), ("delete", "NS kk\r\n"), ("clear", "EN\r\n"), ("exists", "VA 1 kk\r\nx\r\n"),
            ("expiry", "HD kk\r\n"), ("get-many", "EN\r\n"), ("acquire", "EN\r\n"), ("release", "VA 1 kk\r\nx\r\n"),
        ])
    func otherCommand(operation: String, answer: String) throws {
        #expect(isBroken(try ReplayRig(shipped: "memcached"), operation, bytes(answer), inputs("k")))
    }

    @Test(
        "what became of another key's change breaks the connection",
        arguments: [
            ("set", "HD"), ("set", "NS"), ("set-if-absent", "NS"), ("set-if-present", "NS"), ("set-if-version", "EX"),
            ("set-if-version", "NF"), ("delete", "HD"), ("delete", "NF"), ("delete-version", "EX"), ("expire", "HD"),
            ("expire", "EN"), ("acquire", "HD"), ("acquire", "NS"),
        ])
    func otherKey(operation: String, answer: String) throws {
        let rig = try ReplayRig(shipped: "memcached")
        #expect(isBroken(rig, operation, bytes("\(answer) kl\r\n"), inputs("k")))
        #expect(!isBroken(rig, operation, bytes("\(answer) kk\r\n"), inputs("k")))
    }

    @Test("errors answer everything", arguments: ["get", "set", "get-many", "acquire", "clear"])
    func errors(operation: String) throws {
        let rig = try ReplayRig(shipped: "memcached")
        let failed = try #require(rig.everyWay(operation, bytes("SERVER_ERROR no\r\n"), to: inputs("k")).only)
        #expect(failed.outcome == .fatal && failed.text == bytes("no"))
    }

    @Test("of several keys, any can be answered; another one, or more than were asked for, breaks the connection")
    func severalKeys() throws {
        let rig = try ReplayRig(shipped: "memcached")
        let request = inputs("", keys: ["a", "b", "a"])
        func value(_ key: String) -> String { "VALUE \(key) 0 1\r\n\(key)\r\n" }
        for keys in [["a", "b", "a"], ["b"], ["b", "a"], []] {
            let answer = bytes(keys.map(value).joined() + "END\r\n")
            let found = try #require(rig.everyWay("get-many", answer, to: request).only)
            #expect(found.outcome == .result && found.names == keys.map { bytes($0) })
        }
        #expect(isBroken(rig, "get-many", bytes(value("a") + value("c") + "END\r\n"), request))
        #expect(isBroken(rig, "get-many", bytes(["a", "b", "a", "b"].map(value).joined() + "END\r\n"), request))
    }

    @Test("a name in the answer for several keys is compared, whether the file says so or not")
    func severalKeysUnsaid() throws {
        let rig = try ReplayRig(
            """
            adapter: house
            transport: { schemes: [tcp], port: 7070 }
            framing: { lines: { end: "\\n" } }
            keys: { allowed: printable }
            messages:
              ITEM: { line: "ITEM {name} {value}", is: more }
              END: { line: "END", is: result }
            capabilities: { kv.multi-key: native }
            operations:
              get-many: { send: "GET{each keys} {key}{end}\\n" }
            """)
        let request = inputs("", keys: ["a", "b"])
        #expect(
            try #require(rig.everyWay("get-many", bytes("ITEM b x\nEND\n"), to: request).only).names == [bytes("b")])
        #expect(isBroken(rig, "get-many", bytes("ITEM c x\nEND\n"), request))
    }

    @Test("an answer in binary has the opcode of its request, and its id")
    func opcode() throws {
        let rig = try ReplayRig(shipped: "memcached-binary")
        func answer(_ opcode: UInt8, id: UInt8, status: UInt8 = 0) -> [UInt8] {
            [0x81, opcode, 0, 0, 4, 0, 0, status, 0, 0, 0, 5, 0, 0, 0, id] + [UInt8](repeating: 0, count: 12) + [120]
        }
        #expect(try #require(rig.everyWay("get", answer(0, id: 7), id: 7).only).value == bytes("x"))
        #expect(isBroken(rig, "get", answer(1, id: 7), inputs("k")))
        #expect(isBroken(rig, "get", answer(0, id: 8), inputs("k")))
        #expect(isBroken(rig, "get", answer(4, id: 7, status: 1), inputs("k")))
        #expect(try #require(rig.everyWay("delete", answer(4, id: 7, status: 1), id: 7).only).outcome == .missing)
        #expect(isBroken(rig, "set", answer(0, id: 7), inputs("k")))
    }

    @Test("a field of a header that echoes an input, or what `send` says, is compared with it")
    func headerInputs() throws {
        let rig = try ReplayRig(
            """
            adapter: house
            transport: { schemes: [tcp], port: 7070 }
            framing:
              header:
                fields: { kind: u8, amount: u16, length: u8 }
                body: length
                parts: { value: rest }
                send: { kind: 9 }
                echo: [kind, amount]
            fields: { number: "value | u32" }
            messages:
              ok: { is: result }
            capabilities: { kv.increment: native }
            operations:
              increment: { send: { amount: "{amount}", value: "{key}" } }
            """)
        var request = inputs("k")
        request.numberB = 258
        #expect(rig.request("increment", request) == [9, 1, 2, 1] + bytes("k"))
        #expect(
            try #require(rig.everyWay("increment", [9, 1, 2, 4, 0, 0, 0, 5], to: request).only).number == 5)
        #expect(isBroken(rig, "increment", [8, 1, 2, 4, 0, 0, 0, 5], request))
        #expect(isBroken(rig, "increment", [9, 1, 3, 4, 0, 0, 0, 5], request))
    }

    @Test("a field of JSON is compared with the request, where there is one")
    func json() throws {
        let rig = try ReplayRig(
            """
            adapter: house
            transport: { schemes: [tcp], port: 7070 }
            framing: { lines: { end: "\\n" } }
            payload: json
            fields: { value: value, about: "about | hex" }
            messages:
              found: { when: value, is: result, echo: { about: key } }
              none: { is: missing }
            capabilities: { kv.get: native }
            operations:
              get: { send: { json: { about: "{key | hex}" } } }
            """)
        let request = inputs("k")
        #expect(
            try #require(rig.everyWay("get", bytes(#"{"about":"6b","value":"x"}"# + "\n"), to: request).only).value
                == bytes("x"))
        #expect(isBroken(rig, "get", bytes(#"{"about":"6c","value":"x"}"# + "\n"), request))
        #expect(
            try #require(rig.everyWay("get", bytes(#"{"value":"x"}"# + "\n"), to: request).only).value == bytes("x"))
        #expect(try #require(rig.everyWay("get", bytes("{}\n"), to: request).only).outcome == .missing)
    }

    @Test("etcd's value of another key breaks the connection")
    func etcd() throws {
        let rig = try ReplayRig(shipped: "etcd")
        func answer(_ key: String) -> [UInt8] {
            let body = #"{"kvs":[{"key":"\#(key)","mod_revision":"7","value":"dg=="}],"count":"1"}"#
            return bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        #expect(try #require(rig.everyWay("get", answer("aw=="), to: inputs("k")).only).value == bytes("v"))
        #expect(isBroken(rig, "get", answer("bA=="), inputs("k")))
        #expect(isBroken(rig, "get-versioned", answer(""), inputs("k")))
    }

    @Test("a lock's prefix is sent, compared and counted")
    func prefix() throws {
        let rig = try ReplayRig(shipped: "memcached")
        #expect(rig.program["acquire"]?.prefix == bytes("lock:"))
        #expect(isBroken(rig, "release", bytes("VA 2 c5 kl\r\nme\r\n"), inputs("lock:l")))
        #expect(
            try #require(rig.everyWay("release", bytes("VA 2 c5 klock:l\r\nme\r\n"), to: inputs("lock:l")).only).outcome
                == .missing)
    }
}
