// What the language can say beyond the shipped files: other framings, payloads, ids, escapes, keys and times.

import Capabilities
import Multiplex
import TestSupport
import Testing

@testable import DeclaredAdapter

@Suite("The language")
struct LanguageTests {
    private static func file(_ framing: String, _ rest: String) -> String {
        """
        adapter: house
        transport: { schemes: [tcp], port: 7070 }
        \(framing)
        capabilities: { kv.get: native }
        \(rest)
        """
    }

    private func inputs(_ key: String) -> Inputs {
        var inputs = Inputs()
        inputs.first = bytes(key)
        return inputs
    }

    @Test("JSON behind a length, low byte first, that counts itself, with an id in it")
    func jsonByLength() throws {
        let rig = try ReplayRig(
            Self.file(
                """
                framing: { length: { width: 2, order: little, counts: all } }
                payload: json
                correlation: { id: call }
                """,
                """
                fields: { call: id, value: "result.data | hex", text: error.reason, deep: "a.b[1].c" }
                messages:
                  failed: { when: text, is: fatal }
                  ok: { when: "value and deep == 'x y'", is: result }
                  none: { is: missing }
                operations:
                  get: { send: { json: { id: "{id | number}", name: "{key}", flags: [1, true, null, "x"] } } }
                """))
        let body = #"{"id":258,"name":"a\"b","flags":[1,true,null,"x"]}"#
        #expect(rig.request("get", inputs("a\"b"), id: 258) == [UInt8(body.utf8.count + 2), 0] + bytes(body))
        func framed(_ text: String) -> [UInt8] { [UInt8(text.utf8.count + 2), 0] + bytes(text) }
        let hit = #"{"a":{"b":[{"c":1},{"c":"x y"}]},"id":258,"result":{"data":"00fF","data2":[[{}]]},"z":-1.5e3}"#
        let found = try #require(rig.everyWay("get", framed(hit), id: 258).only)
        #expect(found.outcome == .result && found.value == [0, 255])
        #expect(try #require(rig.everyWay("get", framed(#"{"id":258}"#), id: 258).only).outcome == .missing)
        let failed = try #require(
            rig.everyWay("get", framed(#"{"error":{"reason":"n\u00f6 \ud83d\ude00\n"},"id":258}"#), id: 258).only)
        #expect(failed.outcome == .fatal && failed.text == bytes("nö 😀\n"))
        #expect(
            try #require(rig.everyWay("get", framed(#"{"id":7}"#), id: 258).only).broken == "an answer with the id 7")
        #expect(rig.answer("get", [1, 0], pieces: 2).broken != nil)
    }

    @Test("MessagePack in both directions")
    func messagePack() throws {
        let rig = try ReplayRig(
            Self.file(
                """
                framing: { length: { width: 4 } }
                payload: msgpack
                correlation: { id: call }
                """,
                """
                fields: { call: id, value: "items[0].v", names: "items[*].k", number: n }
                messages:
                  ok: { when: value, is: result }
                  none: { is: missing }
                operations:
                  get: { send: { msgpack: { id: "{id | number}", k: "{key}", b: "{key | bytes}", n: [-1, 300, null] } } }
                """))
        let sent: [UInt8] =
            [0x84, 0xA2] + bytes("id") + [0x05, 0xA1] + bytes("k") + [0xA2] + bytes("xy") + [0xA1] + bytes("b") + [
                0xC4, 2,
            ]
            + bytes("xy") + [0xA1] + bytes("n") + [0x93, 0xFF, 0xD3, 0, 0, 0, 0, 0, 0, 1, 0x2C, 0xC0]
        #expect(rig.request("get", inputs("xy"), id: 5) == [0, 0, 0, UInt8(sent.count)] + sent)
        let items: [UInt8] =
            [0x92, 0x82, 0xA1] + bytes("k") + [0xA1] + bytes("a") + [0xA1] + bytes("v") + [0xC4, 1, 9]
        let answer: [UInt8] =
            [0x83, 0xA2] + bytes("id") + [0xCD, 0, 5, 0xA5] + bytes("items") + items + [0x81, 0xA1] + bytes("k") + [
                0xA1
            ]
            + bytes("b") + [0xA1] + bytes("n") + [0xD1, 0xFF, 0x38]
        let hit = try #require(rig.everyWay("get", [0, 0, 0, UInt8(answer.count)] + answer, id: 5).only)
        #expect(hit.outcome == .result && hit.value == [9])
        for broken: [UInt8] in [
            [0xC1], [0xDD, 255, 255, 255, 255], [0x91], [0xC6, 0, 0, 1, 0], [0x80, 0x80], [0xD9],
        ] {
            #expect(rig.answer("get", [0, 0, 0, UInt8(broken.count)] + broken, pieces: 99, id: 5).broken != nil)
        }
        let nested = [UInt8](repeating: 0x91, count: 200)
        #expect(rig.answer("get", [0, 0, 0, 200] + nested, pieces: 999, id: 5).broken != nil)
    }

    @Test("messages that end with a delimiter, and text with escapes")
    func delimiter() throws {
        let rig = try ReplayRig(
            Self.file(
                #"""
                framing: { delimiter: { end: "\0" } }
                escapes: { "\\": "\\\\", "\0": "\\0", " ": "\\s" }
                keys: { allowed: printable }
                """#,
                #"""
                fields: { value: "escaped_value | escaped" }
                messages:
                  OK: { line: "= {escaped_value:rest}", is: result }
                  NO: { line: "-", is: missing }
                operations:
                  get: { send: "? {key | escaped}\0" }
                """#))
        #expect(rig.request("get", inputs("a b\0\\")) == bytes("? a\\sb\\0\\\\\0"))
        let hit = try #require(rig.everyWay("get", bytes("= x\\sy\\\\\0")).only)
        #expect(hit.outcome == .result && hit.value == bytes("x y\\"))
        #expect(try #require(rig.everyWay("get", bytes("-\0")).only).outcome == .missing)
    }

    @Test("an answer that ends with its connection")
    func untilClose() throws {
        let rig = try ReplayRig(
            Self.file(
                "framing: { until-close: {} }",
                """
                fields: { value: body }
                messages: { none: { when: "body == ''", is: missing }, some: { is: result } }
                operations: { get: { send: "{key}\\r\\n" } }
                """))
        let hit = try #require(rig.everyWay("get", bytes("all of it"), ends: true).only)
        #expect(hit.outcome == .result && hit.value == bytes("all of it") && hit.progress == .doneForGood)
    }

    @Test("keys are allowed, escaped or refused, and read back")
    func keys() throws {
        var rules = KeyRules()
        rules.allowed = (0..<256).map { (0x21...0x7E).contains($0) && $0 != 0x25 }
        rules.allowsAll = false
        rules.longest = 10
        func written(_ name: String) -> Result<[UInt8], Failure> {
            Result { () throws(Failure) in try rules.write(bytes(name), longest: rules.longest, for: .keyValueGet) }
        }
        #expect(written("plain") == .success(bytes("plain")))
        #expect(written("a b") == .failure(.refused(.keyValueGet, reason: "a name cannot have the byte 0x20 here")))
        rules.escapesOthers = true
        #expect(written("a b%") == .success(bytes("a%20b%25")))
        #expect(rules.read(bytes("a%20b%25")) == bytes("a b%"))
        #expect(
            written("a b c d e")
                == .failure(.refused(.keyValueGet, reason: "a name has 10 bytes at most here, escapes counted")))
        rules.separator = UInt8(ascii: ".")
        for name in ["a..b", ".a", "a."] { #expect(throws: Failure.self) { try written(name).get() } }
        #expect(written("a.b") == .success(bytes("a.b")))
    }

    @Test("times are written as the rules say, and what cannot be said is refused")
    func times() throws {
        var rules = ExpiryRules()
        rules.isSeconds = true
        rules.longest = 2_592_000_000
        rules.beyond = .since1970
        let now: Int64 = 1_700_000_000_500
        #expect(try rules.number(at: now + 5000, now: now) == 5)
        #expect(throws: Failure.self) { try rules.number(at: now + 1300, now: now) }
        // A time of day in whole seconds is exact only as such.
        #expect(try rules.number(at: 1_700_000_010_000, now: now) == 1_700_000_010)
        #expect(try rules.number(at: 1_703_000_000_000, now: now) == 1_703_000_000)
        #expect(throws: Failure.self) { try rules.number(at: now, now: now) }
        #expect(throws: Failure.self) { try rules.number(at: .min, now: now) }
        rules.past = -1
        #expect(try rules.number(at: now - 1, now: now) == -1)
        rules.roundsUp = true
        #expect(try rules.number(at: now + 1300, now: now) == 2)
        #expect(rules.number(left: -1, now: now) == 0 && rules.number(left: nil, now: now) == 0)
        #expect(rules.number(left: 0, now: now) == 1 && rules.number(left: 90, now: now) == 90)
        #expect(rules.number(left: .max, now: now) == 0)
        #expect(rules.time(left: 2, now: now) == now + 2000 && rules.time(left: -1, now: now) == nil)
        #expect(rules.time(left: .max, now: now) == .max)
        rules.latest = 2_147_483_647
        #expect(throws: Failure.self) { try rules.number(at: 2_147_483_648_000, now: now) }
        #expect(try rules.number(at: 2_147_483_647_000, now: now) == 2_147_483_647)
        rules.beyond = .refuse
        #expect(throws: Failure.self) { try rules.number(at: now + 2_592_000_001, now: now) }
    }

    @Test("codes go there and back, and what is none is told")
    func codes() {
        for count in 0..<70 {
            let some = (0..<count).map { _ in UInt8.random(in: 0...255) }
            #expect(Codes.base64Decoded(Codes.base64(some.span).span) == some)
            #expect(Codes.base64Decoded(Codes.base64(some.span, urlSafe: true).span) == some)
            #expect(Codes.hexDecoded(Codes.hex(some.span).span) == some)
            #expect(Codes.percentDecoded(Codes.percent(some.span)) == some)
        }
        for text in ["a", "ab=c", "ab*=", "abcde"] { #expect(Codes.base64Decoded(bytes(text).span) == nil) }
        for text in ["0", "0g", "zz"] { #expect(Codes.hexDecoded(bytes(text).span) == nil) }
        for text in ["%", "%1", "%zz"] { #expect(Codes.percentDecoded(bytes(text)) == nil) }
        #expect(Decimal.parse(bytes("-9223372036854775808")) == .min)
        for text in ["", "-", "+1", "9223372036854775808", "1 ", "0x1", "123456789012345678901"] {
            #expect(Decimal.parse(bytes(text)) == nil)
        }
    }

    @Test("a queue and a sequence are mapped like everything else")
    func queue() async throws {
        let text = """
            adapter: house
            transport: { schemes: [tcp] }
            framing: { lines: { end: "\\n" } }
            keys: { allowed: printable }
            messages:
              JOB: { line: "JOB {id} {size:number}", body: { payload: size, end: "\\n" }, is: result }
              ID: { line: "ID {id}", is: result }
              NUMBER: { line: "NUMBER {number:number}", is: result }
              OK: { line: "OK", is: result }
              NONE: { line: "NONE", is: missing }
              ERR: { line: "ERR {text:rest}", is: fatal }
            capabilities: { queue.put: native, queue.reserve: native, queue.acknowledge: native, queue.release: native, sequence.next: native }
            operations:
              put: { send: "put {queue} {delay} {payload.length}\\n{payload}\\n" }
              reserve: { send: "reserve {queue} {visibility}\\n" }
              acknowledge: { send: "ack {queue} {item}\\n" }
              release-item: { send: "release {queue} {item} {delay}\\n" }
              next: { send: "next {name} {amount}\\n" }
            """
        let server = try ScriptedServer { connection, _ in
            #expect(try connection.readLine() == "put q 2 1")
            _ = try connection.readLine()
            try connection.send("ID 7\n")
            #expect(try connection.readLine() == "reserve q 30")
            try connection.send("JOB 7 1\nx\n")
            #expect(try connection.readLine() == "ack q 7")
            try connection.send("OK\n")
            #expect(try connection.readLine() == "release q 7 0")
            try connection.send("NONE\n")
            #expect(try connection.readLine() == "next s 5")
            try connection.send("NUMBER 12\n")
            #expect(try connection.readLine() == "next s 1")
            try connection.send("ERR no more\u{7}\n")
            _ = try connection.readLine()
        }
        defer { server.stop() }
        let file = try DeclaredAdapterFile.parse(text, source: "queue.yaml")
        try await DeclaredRig.run(file, url: "tcp://127.0.0.1:\(server.port)") { rig in
            let (q, id) = (bytes("q"), bytes("7"))
            #expect(
                await rig.end(.queue(.put(queue: q, payload: bytes("x"), delayMilliseconds: 1500)))
                    == .success(.bytes(id)))
            let job = await rig.end(.queue(.reserve(queue: q, visibilityMilliseconds: 30_000, wait: nil)))
            #expect(job == .success(.pairs([Pair(id, bytes("x"))])))
            #expect(await rig.end(.queue(.acknowledge(queue: q, id: id))) == .success(.flag(true)))
            #expect(
                await rig.end(.queue(.acknowledge(queue: q, id: bytes("7\nput q 0 0\n")))) == .success(.flag(false)))
            #expect(await rig.end(.queue(.release(queue: q, id: id, delayMilliseconds: 0))) == .success(.flag(false)))
            #expect(await rig.end(.sequence(name: bytes("s"), count: 5)) == .success(.integer(12)))
            #expect(await rig.end(.sequence(name: bytes("s"), count: 1)) == .failure(.backend("no more ")))
            #expect(await rig.get("k").refused == .keyValueGet)
        }
    }

    @Test("a login can answer what the server asked, and a server's ping is answered at once")
    func challenge() async throws {
        let text = Self.file(
            "framing: { lines: { end: \"\\n\" } }\nkeys: { allowed: printable }",
            """
            messages:
              ASK: { line: "ASK {challenge}", is: ignored }
              IN: { line: "IN", is: result }
              PING: { line: "PING {_}", answer: "PONG\\n" }
              VALUE: { line: "VALUE {value}", is: result }
            login:
              - replies: { ASK: next }
              - send: "ANSWER {challenge | hex}\\n"
            operations: { get: { send: "GET {key}\\n" } }
            """)
        let server = try ScriptedServer { connection, _ in
            try connection.send("ASK abc\n")
            #expect(try connection.readLine() == "ANSWER 616263")
            try connection.send("PING 1\nIN\n")
            #expect(try connection.readLine() == "PONG")
            #expect(try connection.readLine() == "GET k")
            try connection.send("PING 2\nVALUE v\n")
            #expect(try connection.readLine() == "PONG")
            connection.readToEnd()
        }
        defer { server.stop() }
        let file = try DeclaredAdapterFile.parse(text, source: "challenge.yaml")
        try await DeclaredRig.run(file, url: "tcp://127.0.0.1:\(server.port)") { rig in
            #expect(await rig.get("k") == .success(.bytes(bytes("v"))))
        }
    }

    @Test("a server that breaks its protocol costs its requests an error, and the next one a new connection")
    func faults() async throws {
        let server = try ScriptedServer { connection, number in
            while true {
                let line = try connection.readLine()
                if number == 0 {
                    _ = try connection.readLine()
                    try connection.send("VA 1 ka\r\n1\r\nHD AND MORE\r\n")
                    return connection.readToEnd()
                }
                if line == "mg half v k" {
                    try connection.send("VA 10 khalf\r\nhal")
                    return
                }
                try connection.send("EN\r\n")
            }
        }
        defer { server.stop() }
        try await DeclaredRig.run("memcached", url: "tcp://127.0.0.1:\(server.port)") { rig in
            async let first = rig.get("a")
            async let second = rig.get("b")
            #expect(await first == .success(.bytes(bytes("1"))))
            guard case .failure(.protocolBroken(let text)) = await second else { throw SupportError("no failure") }
            #expect(text.contains("HD AND MORE"))
            #expect(await rig.get("c") == .success(.missing))
            guard case .failure(.indeterminate) = await rig.get("half") else { throw SupportError("no failure") }
            #expect(await rig.get("d") == .success(.missing))
        }
    }
}
