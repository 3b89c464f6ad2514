// SQL of declared adapters: rows as JSON over HTTP, and as messages.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("SQL of declared adapters", .timeLimit(.minutes(1)))
struct SQLTests {
    static let file = """
        adapter: tables
        transport: { schemes: [http] }
        framing: { http: {} }
        payload: json
        limits: { items: 1000, frame: 64KiB }
        fields: { columns: "columns[*].name", types: "columns[*].type", rows: rows, number: changed, text: error.text, state: error.code, tag: tag }
        messages:
          ok: { when: "status == 200", is: result }
          busy: { when: "status == 503", is: retryable }
          failed: { is: fatal }
        capabilities: { sql.query: native, sql.parameters: native, sql.prepared: emulated }
        operations:
          sql.query: { send: { post: "/query", json: { sql: "{statement}", values: [{ each parameters: "{parameter}" }] } } }
          sql.describe: { send: { post: "/describe", json: { sql: "{statement}" } } }
        """

    private static func session(_ rig: DeclaredRig) async throws -> any SQLSession {
        try await #require(rig.service.sql).open(SQLSessionSettings(database: "d", user: "u"))
    }

    private static func query(_ sql: String, _ values: String = "") -> String {
        #"{"sql":"\#(sql)","values":[\#(values)]}"#
    }

    @Test("rows come as lists or as objects, typed by the server or by their values")
    func rows() async throws {
        func exchange(_ sql: String, _ answer: String) -> HTTPDialogue.Exchange {
            .init(request: "POST /query", body: Self.query(sql), answer: answer)
        }
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                exchange(
                    "select 1",
                    #"{"columns":[{"name":"a","type":"int4"},{"name":"b","type":"boolean"},{"name":"c"}],"rows":[[1,true,"x\n"],[null,false,null]]}"#
                ),
                exchange("select 2", #"{"rows":[{"n":1,"d":1.50,"t":"é","f":true},{"d":2,"n":null,"f":null}]}"#),
                exchange("select 3", #"{"columns":[{"name":"a"}],"rows":[]}"#),
                exchange("select 4", #"{"columns":[{"name":"a"}],"rows":[[1,2]]}"#),
                exchange("select 5", #"{"columns":[{"name":"a","type":"int4"}],"rows":[["x"]]}"#),
                exchange("select 6", #"{"columns":[{"name":"a"}],"rows":[1]}"#),
            ])
        try await dialogue.run { rig in
            let session = try await Self.session(rig)
            func run(_ sql: String) async throws(SQLFailure) -> ([SQLColumn], SQLBatch) {
                let statement = try await session.prepare(bytes(sql), parameterTypes: [])
                #expect(statement.columns?.map(\.type) == [.unknown])
                let cursor = try session.open(statement, [])
                try await cursor.describe()
                return (cursor.columns ?? [], try await cursor.fetch(0))
            }
            let (columns, batch) = try await run("select 1")
            #expect(columns == [SQLColumn("a", .int32), SQLColumn("b", .boolean), SQLColumn("c", .text)])
            #expect(batch.values == [.integer(1), .integer(1), .text("x\n"), .null, .integer(0), .null])
            #expect(batch.isLast && batch.rowCount == 2)
            let (found, objects) = try await run("select 2")
            #expect(
                found.map(\.type) == [.int64, .numeric, .text, .boolean] && found.map(\.name) == ["n", "d", "t", "f"])
            #expect(objects.values.count == 8 && objects.values[2] == .text("é") && objects.values[6] == .null)
            let (none, empty) = try await run("select 3")
            #expect(none == [SQLColumn("a", .text)] && empty.rowCount == 0 && empty.isLast)
            for (sql, state) in [("select 4", "08P01"), ("select 5", "22P02"), ("select 6", "08P01")] {
                let failed = await DeclaredRig.outcome { () async throws(SQLFailure) in try await run(sql).1 }
                guard case .failure(let failure) = failed else {
                    Issue.record("\(sql) was answered")
                    continue
                }
                #expect(failure.state == state, "\(sql): \(failure.message)")
            }
        }
    }

    @Test("parameters go apart from the text, each as the kind of value that it is")
    func parameters() async throws {
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                .init(
                    request: "POST /describe", body: #"{"sql":"select $1, $2"}"#,
                    answer: #"{"columns":[{"name":"a","type":"text"},{"name":"b","type":"int8"}]}"#),
                .init(
                    request: "POST /query", body: Self.query("select $1, $2", #""a\"b",7"#),
                    answer:
                        #"{"columns":[{"name":"a","type":"text"},{"name":"b","type":"int8"}],"rows":[["a",7],["b",8],["c",9]]}"#
                ),
                .init(
                    request: "POST /describe", body: #"{"sql":"delete from t returning a"}"#,
                    answer: #"{"columns":[{"name":"a"}]}"#),
                .init(
                    request: "POST /query", body: Self.query("delete from t returning a"),
                    answer: #"{"columns":[{"name":"a"}],"rows":[[1]],"changed":1}"#),
                .init(
                    request: "POST /query",
                    body: Self.query("insert into t values ($1, $2, $3, $4)", #"null,true,1.5,"\\x00FF""#),
                    answer: #"{"changed":3}"#),
            ])
        try await dialogue.run { rig in
            let session = try await Self.session(rig)
            let select = try await session.prepare(bytes("select $1, $2"), parameterTypes: [.unknown, .int64])
            #expect(select.parameterTypes == [.text, .int64] && select.columns?.map(\.name) == ["a", "b"])
            let cursor = try session.open(select, [.text("a\"b"), .integer(7)])
            let first = try await cursor.fetch(2)
            #expect(first.rowCount == 2 && !first.isLast)
            let second = try await cursor.fetch(2)
            #expect(second.values == [.text("c"), .integer(9)] && second.isLast)
            // What changes something is described without running, and runs once.
            let delete = try await session.prepare(bytes("delete from t returning a"), parameterTypes: [])
            #expect(delete.columns == [SQLColumn("a", .text)])
            let deleted = try await session.open(delete, []).fetch(0)
            #expect(deleted.values == [.text("1")] && deleted.affected == 1)
            let insert = try await session.prepare(
                bytes("insert into t values ($1, $2, $3, $4)"), parameterTypes: [.text, .boolean, .float64, .bytes])
            #expect(insert.columns == nil && insert.command == SQLCommand("INSERT", countsRows: true))
            let values: [SQLValue] = [.null, .integer(1), .double(1.5), .bytes([0, 255])]
            let done = try await session.open(insert, values).fetch(0)
            #expect(done.affected == 3 && done.rowCount == 0 && done.isLast)
        }
    }

    @Test("the server's errors keep their SQLSTATE, and what no file maps is refused")
    func failures() async throws {
        let dialogue = HTTPDialogue(
            file: Self.file,
            exchanges: [
                .init(
                    request: "POST /query", body: Self.query("delete from t"), status: "400 Bad",
                    answer: #"{"error":{"text":"no table t","code":"42P01"}}"#),
                .init(
                    request: "POST /query", body: Self.query("delete from t"), status: "400 Bad",
                    answer: #"{"error":{"text":"broken","code":"\u0000"}}"#),
                .init(request: "POST /query", body: Self.query("delete from t"), status: "503 Busy"),
                .init(request: "POST /query", body: Self.query("vacuum"), answer: #"{"tag":"vacuum full"}"#),
            ])
        try await dialogue.run { rig in
            let session = try await Self.session(rig)
            let statement = try await session.prepare(bytes("delete from t"), parameterTypes: [])
            for state in ["42P01", "XX000", "57P03"] {
                let failed = await DeclaredRig.outcome { () async throws(SQLFailure) in
                    try await session.open(statement, []).fetch(0)
                }
                guard case .failure(let failure) = failed else {
                    Issue.record("an error was answered as rows")
                    continue
                }
                #expect(failure.state == state)
            }
            let vacuum = try await session.prepare(bytes("vacuum"), parameterTypes: [])
            _ = try await session.open(vacuum, []).fetch(0)
            #expect(vacuum.command.tag == "VACUUM FULL")
            for (capability, call) in [
                (
                    Capability.sqlTransaction,
                    { () async throws(SQLFailure) in try await session.begin(SQLTransactionMode()) }
                ),
                (
                    .sqlCopy,
                    { () async throws(SQLFailure) in _ = try await session.copy(into: SQLName("t"), columns: []) }
                ),
            ] as [(Capability, () async throws(SQLFailure) -> Void)] {
                guard case .failure(let failure) = await DeclaredRig.outcome(call) else {
                    Issue.record("\(capability.name) was done")
                    continue
                }
                #expect(failure.refused == capability && failure.state == "0A000")
            }
            let large = await DeclaredRig.outcome { () async throws(SQLFailure) in
                _ = try await session.prepare([UInt8](repeating: 0x20, count: 70_000), parameterTypes: [])
            }
            guard case .failure(let failure) = large else {
                Issue.record("a statement beyond the largest message was taken")
                return
            }
            #expect(failure.state == "54000")
        }
    }

    @Test("rows come as messages of their own, and a NULL that a protocol cannot tell is refused")
    func messages() async throws {
        let file = """
            adapter: tables
            transport: { schemes: [tcp] }
            framing: { lines: { end: "\\n" } }
            payload: json
            fields: { columns: "columns[*]", cells: "row[*]", number: end, done: end }
            messages:
              last: { when: "done", is: result }
              none: { when: "number == 0", is: result }
              row: { is: more }
            capabilities: { sql.query: native, sql.parameters: native }
            operations:
              sql.query: { send: "{statement | base64}{each parameters} {parameter | base64}{end}\\n" }
              sql.describe: { send: "? {statement | base64}\\n" }
            """
        let dialogue = Dialogue(
            file: file,
            lines: [
                (
                    "c2VsZWN0IDE=",
                    "{\"columns\":[\"a\",\"b\"]}\n{\"row\":[1,\"x\"]}\n{\"row\":[null,null]}\n{\"row\":[2]}\n{\"end\":3}\n"
                ),
                ("dXBkYXRlIHQgc2V0IGEgPSAkMQ== MQ==", "{\"end\":5}\n"),
            ])
        try await dialogue.run { rig in
            let session = try await Self.session(rig)
            let select = try await session.prepare(bytes("select 1"), parameterTypes: [])
            let cursor = try session.open(select, [])
            let batch = try await cursor.fetch(0)
            #expect(cursor.columns == [SQLColumn("a", .int64), SQLColumn("b", .text)])
            #expect(batch.values == [.integer(1), .text("x"), .null, .null, .integer(2), .null])
            let update = try await session.prepare(bytes("update t set a = $1"), parameterTypes: [.text])
            #expect(try await session.open(update, [.text("1")]).fetch(0).affected == 5)
            let null = await DeclaredRig.outcome { () async throws(SQLFailure) in
                try await session.open(update, [.null]).fetch(0)
            }
            guard case .failure(let failure) = null else {
                Issue.record("NULL became an empty text")
                return
            }
            #expect(failure.refused == .sqlParameters)
        }
    }

    @Test(
        "what a statement is shows in its words",
        arguments: [
            ("select 1", "SELECT", true), ("(values (1))", "SELECT", true), ("select 1 into t", "SELECT", false),
            ("with a as (select 1) update t set b = 1", "UPDATE", false),
            ("with a as (delete from t) select 1", "SELECT", true),
            ("insert into t select 1", "INSERT", false), ("insert into t values (1) returning a", "INSERT", true),
            ("create or replace view v as select 1", "CREATE VIEW", false), ("drop table t", "DROP TABLE", false),
            ("explain select 1", "EXPLAIN", true), ("analyze", "ANALYZE", false),
        ])
    func facts(sql: String, tag: String, givesRows: Bool) throws {
        let facts = try StatementFacts(bytes(sql), [])
        #expect(facts.command.tag == tag && facts.givesRows == givesRows)
    }

    @Test("rows beyond the bound of items, and text that is none, are no rows")
    func hostileRows() {
        for text in ["", "[", "[1]", "[[1]", "[[1],]", "[[1]]x", "{}", #"[{"a"}]"#, #"[["\u12"]]"#, "[[1,2],[3]]"] {
            var reader = JSONRows(bytes(text), 2)
            let isRows = reader.read()
            #expect(!isRows, "\(text)")
        }
        var random = SystemRandomNumberGenerator()
        let sound = bytes(#"[{"a":[1,{"b":"\n"}],"c":null},{"a":-1.5e3}]"#)
        for _ in 0..<3000 {
            var spoilt = sound
            spoilt[Int.random(in: spoilt.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            var reader = JSONRows(Array(spoilt.prefix(Int.random(in: 0...spoilt.count, using: &random))), 100)
            _ = reader.read()
        }
    }
}
