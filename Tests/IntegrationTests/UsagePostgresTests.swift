// What PostgreSQL clients use, as a gateway in front of a real server has seen it: right to the feature, and nothing else.

import Foundation
import TestSupport
import Testing

@testable import Gateway
@testable import Usage

@Suite("what PostgreSQL applications use", .serialized)
struct UsagePostgresTests {
    @Test("is told by statement, protocol feature, function and type")
    func features() async throws {
        let server = try await PostgresServer.start()
        defer { server.stop() }
        try await PostgresGateway.run(to: server.port) { place in
            let folder = try TemporaryFolder()
            let file = try folder.write("main.py", Self.program)
            try await Command.check(
                [try Tools.python, file, "\(place.port)", "postgres"], timeout: .seconds(120))
            let profile = try #require(await place.gateway.usageProfile())
            let application = try #require(profile.applications.first { $0.identity["name"] == "checkout" })
            #expect(application.identity["user"] == "postgres")
            let seen = Set(application.features.keys)
            for feature in [
                "statement.select", "statement.insert", "statement.create", "statement.begin", "statement.commit",
                "statement.listen", "statement.set", "statement.copy", "feature.common-table-expression",
                "feature.extended-query",
                "feature.named-statement", "feature.binary-results", "feature.binary-parameters",
                "feature.temporary-table", "feature.on-conflict", "feature.returning", "feature.window-function",
                "feature.for-update", "feature.skip-locked", "feature.recursive-query", "feature.copy-from-stdin",
                "feature.copy-in", "function.count", "function.row_number", "function.pg_advisory_lock",
                "function.unknown", "type.jsonb", "type.integer", "type.text", "type.timestamptz",
                "operator.json-arrow",
            ] {
                #expect(seen.contains("postgres.\(feature)"), "\(feature)")
            }
            // One Parse, and seven times the same statement by its name.
            #expect(application.features["postgres.statement.insert"]?.count == 8)
            for feature in ["function.sum", "feature.tablesample", "type.uuid", "statement.delete", "type.money"] {
                #expect(!seen.contains("postgres.\(feature)"), "\(feature)")
            }
            #expect(application.sizes["postgres.transaction.statements"] != nil)
            let text = profile.json()
            #expect(!text.contains("canary") && !text.contains("271828"))
        }
    }

    @Test("is told of the application that the session has become, as the server says")
    func renamed() async throws {
        let server = try await PostgresServer.start()
        defer { server.stop() }
        try await PostgresGateway.run(to: server.port) { place in
            let folder = try TemporaryFolder()
            let file = try folder.write("main.py", Self.renaming)
            try await Command.check([try Tools.python, file, "\(place.port)", "postgres"], timeout: .seconds(120))
            let profile = try #require(await place.gateway.usageProfile())
            func statements(_ name: String) throws -> Set<String> {
                let application = try #require(
                    profile.applications.first {
                        $0.identity == ["name": name, "user": "postgres", "database": "postgres"]
                    })
                let kind = "postgres.statement."
                return Set(
                    application.features.keys.filter { $0.hasPrefix(kind) }.map { String($0.dropFirst(kind.count)) }
                )
                .subtracting(["startup"])
            }
            #expect(profile.applications.count == 4)
            #expect(try statements("checkout") == ["select", "set"])
            #expect(try statements("nightly") == ["create", "begin", "set", "drop", "select"])
            #expect(try statements("undone") == ["truncate", "rollback"])
            #expect(try statements("last") == ["show"])
        }
    }

    @Test("is told of the application that the session has become in front of a private backend")
    func renamedHere() async throws {
        try await TranslatedPostgres.run { place in
            let script = "SELECT 1;\nSET application_name TO 'nightly';\nCREATE TABLE t (a integer);\n"
            #expect(try await place.psql(script).status == 0)
            let profile = try Profile(json: place.fairlead.get("/usage").body)
            let nightly = try #require(profile.applications.first { $0.identity["name"] == "nightly" })
            #expect(nightly.features["postgres.statement.create"] != nil)
            #expect(nightly.features["postgres.statement.select"] == nil)
            let psql = try #require(profile.applications.first { $0.identity["name"] == "psql" })
            #expect(psql.features["postgres.statement.create"] == nil)
        }
    }

    @Test("has redacted examples where the configuration asks for them")
    func samples() async throws {
        let folder = try TemporaryFolder()
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                usage: { samples: 2 }
                listeners:
                  sql: { protocol: postgres, listen: 127.0.0.1:0, backend: house }
                backends:
                  house: { adapter: embedded, options: { folder: "\(folder.file("data"))" } }

                """)
        let script = "SELECT count(*), 'canary' AS a;\nSELECT count(*) AS b, 'canary-2';\ncanary 'canary';\n"
        _ = try await Command.run(
            [try PostgresInstall.find(.debian15).program("psql"), "-X", "-w"],
            env: ["PGHOST": "127.0.0.1", "PGPORT": "\(gateway.port("sql"))", "PGUSER": "u", "PGDATABASE": "d"],
            input: Data(script.utf8), timeout: .seconds(60))
        let body = try gateway.get("/usage").body
        let application = try #require(try Profile(json: body).applications.first)
        let first = "SELECT count(*), <text, 6 bytes> AS a;"
        #expect(application.samples?["postgres.function.count"]?.contains { first.hasPrefix($0) } == true)
        #expect(application.samples?["postgres.function.count"]?.count == 2)
        #expect(!body.contains("canary"))
    }

    private static let renaming = #"""
        import sys, psycopg
        dsn = f"host=127.0.0.1 port={sys.argv[1]} user={sys.argv[2]} dbname=postgres application_name=checkout"
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute("SELECT 1")
            db.execute("SET application_name TO 'nightly'")
            db.execute("CREATE TEMP TABLE t (a integer)")
            db.execute("BEGIN")
            db.execute("SET application_name TO 'undone'")
            db.execute("TRUNCATE t")
            db.execute("ROLLBACK")
            db.execute("DROP TABLE t")
            db.execute("SELECT set_config('application_name', 'last', false)")
            db.execute("SHOW server_version")
        """#

    /// `delete`, `sum(`, `uuid` and the like stand in literals, names and comments only.
    private static let program = #"""
        import sys, psycopg
        dsn = f"host=127.0.0.1 port={sys.argv[1]} user={sys.argv[2]} dbname=postgres application_name=checkout"
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute("CREATE TEMP TABLE canary_t (canary_id integer PRIMARY KEY, canary_j jsonb, canary_at timestamptz)")
            db.execute("SET statement_timeout = 271828")
            db.execute("LISTEN canary_channel")
            for n in range(8):
                db.execute("INSERT INTO canary_t VALUES (%s, '{\"canary\": 1}', now()) ON CONFLICT DO NOTHING RETURNING canary_id", (n,), prepare=True)
            db.execute("SELECT count(*), canary_fn(1) FROM canary_t" .replace("canary_fn(1)", "canary_j -> 'sum(' FROM canary_t GROUP BY canary_j; --").split(";")[0])
            db.execute("SELECT 'x'::text, row_number() OVER (), \"canary_id\" /* sum(1) delete */ FROM canary_t -- tablesample '")
            db.execute("SELECT $canary$ DELETE ::uuid sum(1) $canary$, E'it\\'s ::money', pg_advisory_lock(271828)")
            db.execute("WITH RECURSIVE canary_r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM canary_r WHERE n < 3) SELECT n FROM canary_r")
            try:
                db.execute("SELECT canary_function(%s)", ("canary-value",))
            except psycopg.Error:
                pass
            with db.transaction():
                db.execute("SELECT canary_id FROM canary_t FOR UPDATE SKIP LOCKED")
            cursor = db.cursor(binary=True)
            cursor.execute("SELECT canary_id FROM canary_t WHERE canary_id = %b", (7,))
            with cursor.copy("COPY canary_t (canary_id) FROM STDIN") as copy:
                copy.write_row((100,))
        """#
}
