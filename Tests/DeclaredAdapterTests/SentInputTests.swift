// What a request is about is sent, or the file is refused; what a path would take for another place is refused by name.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("What operations send", .timeLimit(.minutes(1)))
struct SentInputTests {
    static func file(_ capability: String, _ operation: String) -> String {
        """
        adapter: house
        transport: { schemes: [tcp], port: 7070 }
        framing: { lines: { end: "\\n" } }
        keys: { allowed: printable }
        expiry: { never: 0 }
        messages:
          ITEM: { line: "ITEM {id} {version} {number:number} {size:number}", body: { value: size, end: "\\n" }, is: result }
          OK: { line: "OK", is: result }
          NONE: { line: "NONE", is: missing }
        capabilities:
          \(capability): native
        operations:
          \(operation)
        """
    }

    static let cases: [(capability: String, operation: String, text: String)] = [
        ("kv.get", "get: { send: \"GET\\n\" }", "get is about {key}"),
        ("kv.set", "set: { send: \"SET {key}\\n\" }", "set is about {value}"),
        ("kv.set", "set: { send: \"SET {key} {value.length}\\n\" }", "set is about {value}"),
        ("kv.compare-and-set", "set-if-version: { send: \"SET {key} {value | hex}\\n\" }", "about {version}"),
        ("kv.ttl", "expire: { send: \"EXPIRE {key}\\n\" }", "expire is about {expiry}"),
        ("kv.rename", "rename: { send: \"RENAME {key}\\n\" }", "rename is about {target}"),
        ("kv.increment-float", "increment-float: { send: \"ADD {key}\\n\" }", "about {addend}"),
        ("list.range", "list.range: { send: \"RANGE {key}\\n\" }", "about {start}"),
        ("list.range", "list.range: { send: \"RANGE {key} {start}\\n\" }", "about {stop}"),
        ("list.edit", "list.remove: { send: \"REM {key} {value | hex}\\n\" }", "about {count}"),
        ("set.add", "set.add: { send: \"ADD {key}{each members} x{end}\\n\" }", "about {member}"),
        ("lock.acquire", "acquire: { send: \"LOCK {name} {expiry}\\n\" }", "acquire is about {owner}"),
        ("lock.acquire", "acquire: { send: \"LOCK {name} {owner | hex}\\n\" }", "acquire is about {expiry}"),
        ("lock.release", "release: { send: \"UNLOCK {name}\\n\" }", "release is about {owner}"),
        ("queue.put", "put: { send: \"PUT {queue}\\n\" }", "put is about {payload}"),
        ("queue.acknowledge", "acknowledge: { send: \"ACK {queue}\\n\" }", "about {item}"),
        ("bus.publish", "publish: { send: \"PUB {payload | hex}\\n\" }", "publish is about {channel}"),
    ]

    @Test("what would be dropped is told with its place", arguments: cases)
    func dropped(capability: String, operation: String, text: String) {
        do throws(AdapterFileError) {
            _ = try DeclaredAdapterFile.parse(Self.file(capability, operation), source: "a.yaml")
            Issue.record("nothing was found")
        } catch {
            let told = error.problems.map(\.description)
            #expect(told.contains { $0.hasPrefix("a.yaml:13:3: ") && $0.contains(text) }, "\(told)")
        }
    }

    @Test("an owner that only a condition compares is not dropped")
    func conditions() throws {
        let text = Self.file(
            "lock.release",
            """
            release:
                steps:
                  - { send: "WHO {name}\\n", replies: { ITEM: [{ if: "value == owner", is: next }, missing] } }
                  - { send: "UNLOCK {name}\\n" }
            """)
        _ = try DeclaredAdapterFile.parse(text, source: "a.yaml")
    }

    @Test("a protocol that adds one does not add two")
    func constantAmounts() async throws {
        let file = Self.file("kv.increment", "increment: { send: \"INC {key}\\n\" }")
        try await Dialogue(file: file, lines: [("INC k", "ITEM a b 7 0\n\n")]).run { rig in
            #expect(await rig.kv(.increment(key: bytes("k"), by: 1)) == .success(.integer(7)))
            #expect(await rig.kv(.increment(key: bytes("k"), by: 2)).refused == .keyValueIncrement)
            #expect(await rig.kv(.increment(key: bytes("k"), by: -1)).refused == .keyValueIncrement)
        }
        let sequence = Self.file("sequence.next", "next: { send: \"NEXT {name}\\n\" }")
        try await Dialogue(file: sequence, lines: [("NEXT s", "ITEM a b 7 0\n\n")]).run { rig in
            let service = try #require(rig.service.sequence)
            #expect(try await service.next(bytes("s"), count: 1) == 7)
            await #expect(throws: Failure.self) { try await service.next(bytes("s"), count: 5) }
        }
    }

    static let http = """
        adapter: house
        transport: { schemes: [http] }
        framing: { http: {} }
        messages:
          ok: { when: "status == 200", is: result }
          none: { is: missing }
        capabilities: { kv.get: native, hash.get: { support: native, weakenings: [not-atomic] }, kv.delete: native }
        operations:
          get: { send: { get: "/v1/kv/{key}" }, replies: { ok: { is: result, value: body } } }
          delete: { send: { delete: "/v1/kv/k-{key}" } }
          hash.get: { send: { get: "/v1/h/{key}/{field}?x" }, replies: { ok: { is: result, value: body } } }
        """

    @Test("a name of dots leaves no path")
    func dots() async throws {
        let exchanges: [HTTPDialogue.Exchange] = [
            .init(request: "GET /v1/kv/...", answer: "a"), .init(request: "GET /v1/kv/..%2Fx", answer: "b"),
            .init(request: "DELETE /v1/kv/k-.."),
            .init(request: "GET /v1/h/k/f?x", answer: "c"),
        ]
        try await HTTPDialogue(file: Self.http, exchanges: exchanges).run { rig in
            #expect(await rig.get("...") == .success(.bytes(bytes("a"))))
            #expect(await rig.get("../x") == .success(.bytes(bytes("b"))))
            #expect(await rig.get("..").refused == .keyValueGet)
            #expect(await rig.get(".").refused == .keyValueGet)
            #expect(await rig.kv(.getMany(keys: [bytes("a"), bytes("..")])).refused != nil)
            #expect(await rig.kv(.delete(keys: [bytes("..")])) == .success(.integer(1)))
            #expect(await rig.hash(.get(field: bytes("f"))) == .success(.bytes(bytes("c"))))
            #expect(await rig.hash(.get(field: bytes(".."))).refused == .hashGet)
        }
    }
}
