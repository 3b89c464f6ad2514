// What a manifest says of capabilities that a file maps in part, and of values that a line has no room for.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("Parts that a file leaves out")
struct LeftOutTests {
    private func manifest(_ capabilities: String, _ operations: String) throws -> Manifest {
        try DeclaredAdapterFile.parse(StructureFile.text(capabilities, operations), source: "a.yaml").manifest
    }

    @Test("a list without its length is partial, and one with it is not")
    func listRange() throws {
        let range = "list.range: { send: \"RANGE {key} {start} {stop}\\n\", expects: [ITEM, END] }"
        let part = try manifest("list.range: native", range)[.listRange]
        #expect(part.weakenings == [.partial])
        #expect(part.note == "not mapped, and so refused: list.length")
        let whole = try manifest(
            "list.range: native", range + "\nlist.length: { send: \"LEN {key}\\n\", expects: [N, NONE] }")
        #expect(whole[.listRange].weakenings == [])
    }

    @Test("adding to a sorted set is partial whatever is mapped, for no file maps GT, LT and CH")
    func sortedSets() throws {
        let add = "sorted-set.add: { send: \"ZADD {key} {score} {member | hex}\\n\", expects: [OK, NONE] }"
        let entry = try manifest("sorted-set.add: { support: native, weakenings: [not-atomic] }", add)[.sortedSetAdd]
        #expect(entry.weakenings == [.partial, .notAtomic])
        #expect(entry.note.contains("sorted-set.increment") && entry.note.contains("count of changed scores"))
    }

    @Test("what the file says of itself stays")
    func told() throws {
        let entry = try manifest(
            "sorted-set.add: { support: native, weakenings: [not-atomic, partial], note: adds only }",
            "sorted-set.add: { send: \"ZADD {key} {score} {member | hex}\\n\", expects: [OK, NONE] }")[.sortedSetAdd]
        #expect(entry.note == "adds only")
    }

    @Test("a time that a change by version cannot keep is told, and then the gateway changes nothing by versions")
    func keptTimes() throws {
        let text = SentInputTests.file(
            "kv.get: native\n  kv.set: native\n  kv.compare-and-set: native\n  kv.conditional-set: native\n  kv.ttl",
            """
            get: { send: "GET {key}\\n" }
              get-versioned: { send: "GET {key}\\n" }
              set: { send: "SET {key} {expiry} {value | hex}\\n" }
              set-if-absent: { send: "ADD {key} {expiry} {value | hex}\\n" }
              set-if-present: { send: "REP {key} {expiry} {value | hex}\\n" }
              set-if-version: { send: "CAS {key} {version} {expiry} {value | hex}\\n" }
              delete-version: { send: "CAD {key} {version}\\n" }
              set-keeping-expiry: { send: "SETK {key} {value | hex}\\n" }
              expire: { send: "EXP {key} {expiry}\\n" }
              expiry: { send: "TTL {key}\\n" }
              persist: { send: "PER {key}\\n" }
              get-and-expire: { send: "GEX {key} {expiry}\\n" }
            """)
        let keeping = "  set-if-version-keeping-expiry: { send: \"CASK {key} {version} {value | hex}\\n\" }"
        let part = try DeclaredAdapterFile.parse(text, source: "a.yaml").manifest
        #expect(part[.keyValueTTL].weakenings == [.partial] && !part.keepsExpiry)
        let whole = try DeclaredAdapterFile.parse(text + "\n" + keeping, source: "a.yaml").manifest
        #expect(whole[.keyValueTTL].weakenings == [])
    }

    @Test("a value that a line has no room for is too large")
    func lineValues() async throws {
        let file = """
            adapter: house
            transport: { schemes: [tcp], port: 7070 }
            framing: { lines: { end: "\\n", longest: 1KiB } }
            keys: { allowed: printable, longest: 100 }
            fields: { value: "code | base64" }
            messages:
              V: { line: "V {code}", is: result }
              OK: { line: "OK", is: result }
              NONE: { line: "NONE", is: missing }
            capabilities: { kv.get: native, kv.set: native }
            operations:
              get: { send: "GET {key}\\n", expects: [V, NONE] }
              set: { send: "SET {key} {value | base64}\\n", expects: OK }
            """
        // 1024 less the key and what stands around it, in base64.
        #expect(
            try DeclaredAdapterFile.parse(file, source: "a.yaml").manifest[.keyValueSet].bounds == [.valueBytes: 597])
        let most = String(repeating: "AAAA", count: 199)
        try await Dialogue(file: file, lines: [("SET k \(most)", "OK\n"), ("GET k", "V \(most)\n")]).run { rig in
            let value = [UInt8](repeating: 0, count: 597)
            #expect(await rig.kv(.set(key: bytes("k"), value: value, SetOptions())) == .success(.done))
            #expect(await rig.get("k") == .success(.bytes(value)))
            let larger = await rig.kv(.set(key: bytes("k"), value: value + [0], SetOptions()))
            #expect(larger == .failure(.tooLarge(limit: 597)))
        }
        let declared = file.replacing(
            "kv.set: native", with: "kv.set: { support: native, bounds: { value-bytes: 1000 } }")
        #expect(throws: AdapterFileError.self) { try DeclaredAdapterFile.parse(declared, source: "a.yaml") }
    }

    @Test(
        "beside a quote or a space a value needs a filter or its length",
        arguments: [
            (#"'{{"sql":"select ''{key}''"}}'"#, "a ' too"), (#""GET {key} now""#, "a space"),
            (#"'get "{key}"'"#, "a \" too"),
            (#"'{{"sql":"select ''{key | json}''"}}'"#, "a ' too"), (#"'get "{key | json}"'"#, nil),
            (#"'get ''{key | base64}'''"#, nil), (#"'{key.length} {key} '"#, nil), (#"'get:{key}'"#, nil),
        ] as [(String, String?)])
    func quotes(text: String, problem: String?) {
        let file = """
            adapter: house
            transport: { schemes: [tcp], port: 7070 }
            framing: { length: { width: 4 } }
            payload: json
            fields: { value: v }
            messages: { ok: { is: result } }
            capabilities: { kv.get: native }
            operations:
              get: { send: { text: \(text) } }
            """
        do throws(AdapterFileError) {
            _ = try DeclaredAdapterFile.parse(file, source: "a.yaml")
            #expect(problem == nil)
        } catch {
            let told = error.problems.map(\.description)
            #expect(problem.map { problem in told.allSatisfy { $0.contains(problem) } } ?? false, "\(told)")
        }
    }
}
