// Keys of declared adapters beyond getting and setting: renaming, copying, types, decimal numbers and databases.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("Keys of declared adapters", .timeLimit(.minutes(1)))
struct KeyTests {
    private static let file = StructureFile.text(
        """
        kv.get: native
        kv.set: native
        kv.rename: native
        kv.copy: native
        kv.increment-float: native
        kv.type: native
        kv.clear: native
        kv.multi-key: emulated
        kv.databases: { support: native, bounds: { databases: 3 } }
        hash.set: native
        """,
        #"""
        get: { send: "GET {database} {key}\n", expects: [V, NONE] }
        set: { send: "SET {database} {key} {value | hex}\n", expects: OK }
        rename: { send: "MOVE {database} {key} {target}\n", expects: [OK, NONE] }
        rename-if-absent: { send: "MOVENX {database} {key} {target}\n", expects: [OK, NONE, HELD] }
        copy: { send: "COPY {database} {key} {target-database} {target}\n", expects: [OK, NONE] }
        copy-if-absent: { send: "COPYNX {database} {key} {target}\n", expects: [OK, NONE, HELD] }
        increment-float: { send: "ADD {database} {key} {addend}\n", expects: V }
        type: { send: "TYPE {database} {key}\n", expects: [TYPE, NONE] }
        clear: { send: "CLEAR {database}\n", expects: OK }
        hash.set: { send: "HSET {database} {key}{each pairs} {field | hex} {value | hex}{end}\n", expects: N }
        """#)

    @Test("a key is renamed and copied, and what is in the way is told")
    func renameAndCopy() async throws {
        let dialogue = Dialogue(
            file: Self.file,
            lines: [
                ("MOVE 0 a b", "OK\n"), ("MOVE 0 a b", "NONE\n"), ("MOVENX 0 a b", "HELD\n"),
                ("COPY 0 a 0 b", "OK\n"), ("COPY 1 a 2 b", "NONE\n"), ("COPYNX 0 a b", "HELD\n"),
            ])
        try await dialogue.run { rig in
            let (a, b) = (bytes("a"), bytes("b"))
            #expect(await rig.kv(.rename(from: a, to: b, onlyIfAbsent: false)) == .success(.flag(true)))
            #expect(await rig.kv(.rename(from: a, to: b, onlyIfAbsent: false)) == .failure(.noSuchKey))
            #expect(await rig.kv(.rename(from: a, to: b, onlyIfAbsent: true)) == .success(.flag(false)))
            #expect(
                await rig.kv(.rename(from: a, to: bytes("b c"), onlyIfAbsent: true)).refused == .keyValueRename)
            #expect(await rig.kv(.copy(from: a, to: b, toDatabase: nil, replaces: true)) == .success(.flag(true)))
            let across = KeyValueOperation.copy(from: a, to: b, toDatabase: 2, replaces: true)
            #expect(await rig.kv(across, database: 1) == .success(.flag(false)))
            #expect(await rig.kv(.copy(from: a, to: b, toDatabase: nil, replaces: false)) == .success(.flag(false)))
            // The operation does not say {target-database}.
            #expect(
                await rig.kv(.copy(from: a, to: b, toDatabase: 1, replaces: false)).refused == .keyValueDatabases)
            #expect(
                await rig.kv(.copy(from: a, to: b, toDatabase: 3, replaces: true)).refused == .keyValueDatabases)
        }
    }

    @Test("each request says its database, and there are no more than the file declares")
    func databases() async throws {
        let dialogue = Dialogue(
            file: Self.file,
            lines: [
                ("SET 2 k 31", "OK\n"), ("GET 2 k", "V 31\n"), ("GET 0 k", "NONE\n"), ("HSET 1 k 61 62", "N 1\n"),
                ("GET 1 k", "WRONG\n"), ("GET 1 a", "V 31\n"), ("GET 1 k", "WRONG\n"), ("CLEAR 1", "OK\n"),
                ("CLEAR 0", "OK\n"), ("CLEAR 1", "OK\n"), ("CLEAR 2", "OK\n"),
            ])
        try await dialogue.run { rig in
            let k = bytes("k")
            #expect(await rig.kv(.set(key: k, value: bytes("1"), SetOptions()), database: 2) == .success(.done))
            #expect(await rig.kv(.get(key: k), database: 2) == .success(.bytes(bytes("1"))))
            #expect(await rig.kv(.get(key: k), database: 3).refused == .keyValueDatabases)
            #expect(await rig.kv(.get(key: k)) == .success(.missing))
            #expect(await rig.hash(.set([Pair(bytes("a"), bytes("b"))]), database: 1) == .success(.integer(1)))
            #expect(await rig.kv(.get(key: k), database: 1) == .failure(.wrongType))
            // Of several keys, one of another type has no value.
            #expect(
                await rig.kv(.getMany(keys: [bytes("a"), k]), database: 1)
                    == .success(.list([.bytes(bytes("1")), .missing])))
            #expect(await rig.kv(.clear(everyDatabase: false), database: 1) == .success(.done))
            #expect(await rig.kv(.clear(everyDatabase: true), database: 1) == .success(.done))
        }
    }

    @Test("what a key holds is the server's to tell, and decimal numbers are added there")
    func typesAndNumbers() async throws {
        let dialogue = Dialogue(
            file: Self.file,
            lines: [
                ("TYPE 0 k", "TYPE hash\n"), ("TYPE 0 k", "NONE\n"), ("ADD 0 k 0.25", "V 312E3235\n"),
                ("ADD 0 k 0.25", "NAN\n"),
            ])
        try await dialogue.run { rig in
            let k = bytes("k")
            #expect(await rig.kv(.type(key: k)) == .success(.bytes(bytes("hash"))))
            #expect(await rig.kv(.type(key: k)) == .success(.missing))
            #expect(await rig.kv(.incrementFloat(key: k, by: bytes("2.5e-1"))) == .success(.bytes(bytes("1.25"))))
            #expect(await rig.kv(.incrementFloat(key: k, by: bytes("0.25"))) == .failure(.notAFloat))
        }
    }

    @Test("lists of JSON are read in step, and what is out of step is an error and no other name's value")
    func jsonLists() throws {
        let rig = try ReplayRig(
            """
            adapter: house
            transport: { schemes: [http] }
            framing: { http: {} }
            payload: json
            fields: { names: "items[*].f", values: "items[*].v", scores: "items[*].s", number: n }
            messages: { ok: { when: "status == 200", is: result }, none: { is: missing } }
            capabilities: { hash.get: { support: native, weakenings: [not-atomic] }, hash.set: native, sorted-set.range: native }
            operations:
              hash.get: { send: { get: "/{key}/{field}" }, replies: { ok: { is: result, value: body } } }
              hash.all: { send: { get: "/{key}" } }
              hash.set: { send: { post: "/{key}", json: { set: [{ each pairs: { f: "{field}", v: ["{value}"] } }] } } }
              sorted-set.range: { send: { get: "/{key}/{start}/{stop}" } }
            """)
        var inputs = Inputs(first: bytes("k /"))
        inputs.more.keys = [bytes("a\""), bytes("b")]
        inputs.more.others = [bytes("1"), bytes("2")]
        let sent = String(decoding: rig.request("hash.set", inputs), as: UTF8.self)
        #expect(sent.hasPrefix("POST /k%20%2F HTTP/1.1\r\n"))
        #expect(sent.hasSuffix(#"{"set":[{"f":"a\"","v":["1"]},{"f":"b","v":["2"]}]}"#))
        func outputs(_ operation: String, _ body: String) throws -> Outputs {
            let answer = bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let replay = rig.everyWay(operation, answer)
            #expect(replay.only?.outcome == .result)
            return rig.outputs(operation, answer)
        }
        let all = try outputs("hash.all", #"{"items":[{"f":"a","v":"1"},{"v":2,"f":"b"}]}"#)
        #expect(try all.pairs == [Pair(bytes("a"), bytes("1")), Pair(bytes("b"), bytes("2"))])
        for torn in [
            #"{"items":[{"f":"a"},{"f":"b","v":"2"}]}"#, #"{"items":[{"f":"a","v":null},{"f":"b","v":"2"}]}"#,
            #"{"items":[{"f":"a","v":"1"},{"f":"b"}]}"#, #"{"items":[{"f":"a","v":"1"},{"v":"2"}]}"#,
        ] { #expect(throws: Failure.self) { try outputs("hash.all", torn).pairs } }
        #expect(try outputs("hash.all", #"{"items":[]}"#).pairs == [])
        let scored = try outputs("sorted-set.range", #"{"items":[{"f":"a","s":1.5},{"f":"b","s":"-3"}]}"#)
        #expect(try scored.scored == [ScoredMember(bytes("a"), score: 1.5), ScoredMember(bytes("b"), score: -3)])
        #expect(throws: Failure.self) {
            try outputs("sorted-set.range", #"{"items":[{"f":"a","s":"many"}]}"#).scored
        }
    }

    @Test("a list of more items than the bound ends the connection")
    func boundedLists() throws {
        let rig = try ReplayRig(
            StructureFile.list.replacing("adapter: house", with: "adapter: house\nlimits: { items: 3 }"))
        let item = "ITEM 61\n"
        #expect(rig.everyWay("list.range", bytes(item + item + item + "END\n")).only?.outcome == .result)
        for replay in rig.everyWay("list.range", bytes(item + item + item + item + "END\n")) {
            #expect(replay.broken != nil)
        }
    }
}
