// Real PostgreSQL clients through the gateway: what they print is what they print without it.

import Foundation
import TestSupport
import Testing

@Suite("PostgreSQL clients through the gateway")
struct PostgresClientTests {
    /// psql's input: catalog commands, errors, notices, COPY, variables, transactions, several statements at once.
    private static let scripts = [
        "select 1 as x, null as y, 'ü' as z;\n\\d\n\\l\n\\dn+\nselect * from nosuch;\nselect 1/0;\n",
        "create table t(a int primary key, b text);\n\\d t\n",
        "insert into t select i, repeat('x', i) from generate_series(1, 50) i;\ntable t;\n",
        "do $$ begin raise notice 'hello'; raise warning 'careful'; end $$;\n",
        "set client_min_messages = debug1;\ndrop table if exists nosuch;\n",
        "begin;\nselect 1;\nselect nosuch;\nselect 2;\nrollback;\nselect 1\\; select 2\\; select 3;\n;\n",
        "create table c(a int, b text);\n\\copy c from stdin\n1\tone\n2\t\\N\n\\.\n",
        "copy c to stdout;\n\\copy c from stdin\nx\ty\n\\.\nselect count(*) from c;\n",
        "prepare p(int) as select $1 + 1;\nexecute p(41);\ndeallocate p;\n",
        "select 1 \\gdesc\nselect $1::int + $2 \\bind 1 2 \\g\n",
        "set time zone 'UTC';\nset datestyle = german;\nshow datestyle;\nset application_name = 'a b';\n\\encoding latin1\nselect 'é';\n",
        "listen x;\nunlisten *;\n",
        "declare c cursor with hold for select generate_series(1, 10);\nfetch 3 from c;\nmove 2 in c;\nfetch all from c;\nclose c;\n",
        "\\set FETCH_COUNT 2\nselect generate_series(1, 5);\n",
    ]

    @Test("psql prints the same through the gateway", arguments: [PostgresVersion.debian15, .protocol18])
    func psql(_ version: PostgresVersion) async throws {
        try await PostgresServer.run(.init(version: version)) { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await server.sql("create database direct")
                try await server.sql("create database through")
                for script in Self.scripts {
                    let direct = try await server.psql(server.port, ["-a", "direct"], input: script)
                    let through = try await server.psql(gateway.port, ["-a", "through"], input: script)
                    #expect(through.output == direct.output)
                    #expect(through.errorText == direct.errorText)
                    #expect(through.ending == direct.ending)
                    #expect(!direct.output.isEmpty)
                }
                let lost = await gateway.snapshot().framingLost
                #expect(lost.isEmpty)
            }
        }
    }

    @Test("a database that does not exist is refused in the server's own words")
    func serverFatal() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let direct = try await server.psql(server.port, ["-c", "select 1", "nosuch"])
                let through = try await server.psql(gateway.port, ["-c", "select 1", "nosuch"])
                let expected = direct.errorText.replacing("port \(server.port)", with: "port \(gateway.port)")
                #expect(through.errorText == expected)
                #expect(through.errorText.contains("database \"nosuch\" does not exist"))
            }
        }
    }

    @Test("pgbench runs in every query mode and its commands are counted")
    func pgbench() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let environment = server.environment(port: gateway.port)
                let pgbench = try server.install.program("pgbench")
                try await Command.check([pgbench, "-i", "-q", "-s", "1"], env: environment)
                for mode in ["simple", "extended", "prepared"] {
                    let run = try await Command.check(
                        [pgbench, "-n", "-M", mode, "-c", "4", "-j", "2", "-t", "50"], env: environment)
                    #expect(run.text.contains("number of transactions actually processed: 200/200"))
                    #expect(run.text.contains("number of failed transactions: 0"))
                }
                let names = PostgresNames.all
                #expect(try await gateway.settles { $0.sessionsOpened == $0.sessionsClosed })
                let counts = await gateway.snapshot()
                let updates = counts.commands[names["update"] ?? 0].latency.count
                #expect(updates == 3 * 3 * 200)
                #expect(counts.framingLost.isEmpty)
                #expect(counts.untracked == 0)
            }
        }
    }

    @Test("errors are counted by SQLSTATE and command, notices as pushes, bytes by side")
    func metrics() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                _ = try await server.psql(
                    gateway.port,
                    [
                        "-c", "select 1/0", "-c", "do $$ begin raise notice 'n'; end $$", "-c",
                        "insert into no values (1)",
                    ])
                #expect(try await gateway.settles { $0.sessionsClosed == 1 })
                let counts = await gateway.snapshot()
                let names = PostgresNames.all
                for (name, code) in [("select", "22012"), ("insert", "42P01")] {
                    let found = counts.codes.first { $0.key.code == code }
                    #expect(found?.key.command == names[name])
                    #expect(found?.value == 1)
                    #expect(counts.commands[names[name] ?? 0].failed == 1)
                }
                #expect(counts.codes.count == 2)
                #expect(counts.pushes == 1)
                #expect(counts.commands[names["startup"] ?? 0].latency.count == 1)
                #expect(counts.bytesFromClients > 100)
                #expect(counts.bytesFromBackends > 300)
                let page = await gateway.gateway.metrics()
                #expect(page.contains("command=\"select\",code=\"22012\"} 1"))
            }
        }
    }

    @Test("pg_dump and pg_restore move a database through the gateway unchanged")
    func dumpAndRestore() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await server.sql(
                    """
                    create table t as select i, md5(i::text) as h from generate_series(1, 20000) i;
                    create index on t(h); create view v as select count(*) from t;
                    create function f() returns int language sql as 'select 1'; select lo_create(4711);
                    select lo_put(4711, 0, '\\x00ff10')
                    """)
                func dump(_ port: Int, _ database: String, _ more: [String]) async throws -> Data {
                    let result = try await Command.check(
                        [try server.install.program("pg_dump"), "-d", database] + more,
                        env: server.environment(port: port))
                    // Newer pg_dump guards its script with a random word.
                    let lines = result.text.split(separator: "\n", omittingEmptySubsequences: false)
                    return Data(
                        lines.filter { !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict") }
                            .joined(separator: "\n").utf8)
                }
                let direct = try await dump(server.port, "postgres", [])
                #expect(direct.count > 100_000)
                #expect(try await dump(gateway.port, "postgres", []) == direct)
                let folder = try TemporaryFolder()
                let archive = folder.file("archive")
                try await Command.check(
                    [try server.install.program("pg_dump"), "-Fd", "-j", "2", "-f", archive],
                    env: server.environment(port: gateway.port))
                try await server.sql("create database copy")
                try await Command.check(
                    [try server.install.program("pg_restore"), "-j", "2", "-d", "copy", archive],
                    env: server.environment(port: gateway.port))
                #expect(try await dump(server.port, "copy", []) == direct)
            }
        }
    }

    @Test("a large result and a large COPY pass unchanged")
    func large() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let sql = "select i, repeat(md5(i::text), 20) from generate_series(1, 60000) i"
                let direct = try await server.psql(server.port, ["-A", "-t", "-c", sql])
                let through = try await server.psql(gateway.port, ["-A", "-t", "-c", sql])
                #expect(through.output == direct.output)
                #expect(direct.output.count > 38_000_000)
                try await server.sql("create table big(i int, h text)")
                _ = try await Command.check(
                    [server.install.program("psql"), "-X", "-c", "copy big from stdin (delimiter '|')"],
                    env: server.environment(port: gateway.port), input: direct.output)
                let back = try await server.psql(gateway.port, ["-c", "copy big to stdout (delimiter '|')"])
                #expect(back.output == direct.output)
                let value = try await server.psql(
                    gateway.port, ["-A", "-t", "-c", "select md5(v), v from (select repeat('x', 30000000) v) q"])
                #expect(value.output.count == 30_000_000 + 34)
            }
        }
    }

    @Test("a slow reader pauses the server, and the gateway holds a bounded part")
    func slowReader() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let client = try PostgresConnection(gateway.port)
                _ = try client.logIn()
                try client.send(PostgresBytes.query("select repeat('x', 1000) from generate_series(1, 40000)"))
                var before = UInt64.max
                var now = await gateway.snapshot().bytesFromBackends
                while now != before || now == 0 {
                    try await Task.sleep(for: .milliseconds(100))
                    before = now
                    now = await gateway.snapshot().bytesFromBackends
                }
                #expect(now < 30_000_000)
                let lent = await gateway.gateway.snapshots().reduce(0) { $0 + $1.chunksLent }
                #expect(lent > 0)
                #expect(lent <= 16)
                let rows = try await onThread { try client.messages().count { $0.type == "D" } }
                #expect(rows == 40_000)
            }
        }
    }

    @Test("notifications reach a session that asks nothing")
    func notifications() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let client = try PostgresConnection(gateway.port)
                _ = try client.logIn()
                try client.send(PostgresBytes.query("listen news"))
                _ = try client.messages()
                try await server.sql("notify news, 'hear ye'")
                let message = try await onThread { try client.message() }
                #expect(message?.type == "A")
                #expect(
                    message.map { Array($0.body.dropFirst(4)) } == PostgresBytes.text("news")
                        + PostgresBytes.text("hear ye"))
                #expect(try await gateway.settles { $0.pushes == 1 })
            }
        }
    }

    @Test("replication connections stream through the gateway")
    func replication() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let environment = server.environment(port: gateway.port)
                let logical = try server.install.program("pg_recvlogical")
                let system = try await server.psql(
                    gateway.port, ["-A", "-t", "-c", "IDENTIFY_SYSTEM", "replication=database"])
                #expect(system.text.hasSuffix("|postgres\n"))
                try await server.sql("create table t(a int)")
                try await Command.check(
                    [logical, "-d", "postgres", "--slot", "s", "--create-slot", "-P", "test_decoding"], env: environment
                )
                // Only what is flushed is streamed, and the stream ends at the first message behind the end.
                try await server.sql("set synchronous_commit = on; insert into t select generate_series(1, 1000)")
                let end = try await server.sql("select pg_current_wal_lsn()").trimmingCharacters(in: .newlines)
                try await server.sql("set synchronous_commit = on; insert into t values (0)")
                let stream = try await Command.check(
                    [logical, "-d", "postgres", "--slot", "s", "--start", "-f", "-", "--endpos", end, "--no-loop"],
                    env: environment)
                #expect(stream.text.contains("table public.t: INSERT: a[integer]:1000"))
                let folder = try TemporaryFolder()
                try await Command.check(
                    [server.install.program("pg_basebackup"), "-D", folder.file("copy"), "-X", "stream"],
                    env: environment)
                #expect(FileManager.default.fileExists(atPath: folder.file("copy/PG_VERSION")))
                let lost = await gateway.snapshot().framingLost
                #expect(lost.isEmpty)
            }
        }
    }
}
