// Real PostgreSQL clients in front of the embedded SQL database, held to a real server where both can do the same.

import Foundation
import TestSupport
import Testing

@Suite("Translated PostgreSQL and its clients", .serialized, .blocking)
struct TranslatedPostgresClientTests {
    /// Scripts that have to print the same here and there.
    private static let scripts = [
        "select 1;\nselect 1 as a, 'x' b, 2.5, true, null;\nvalues (1,'a'),(2,'b');\n;\n",
        "create table t(id int primary key, a int not null default 5, b varchar(20) unique, c numeric(10,2));\n\\d t\n\\dt\n",
        "create table r(a int references t(id) on delete cascade, b text);\ncreate index on r(b);\n\\d r\n\\di\n",
        "insert into t(id, b, c) values (1,'x',1.5),(2,'y',2.555) returning id, b, c;\nselect * from t order by id;\n",
        "update t set a = a + 1 where b = 'x';\ndelete from t where b = 'y';\nselect count(*), sum(a), max(b), avg(a) > 5 from t;\n",
        "select nope from t;\nselect * from nope;\nselec 1;\nselect 1/0;\nselect 'abc' || ;\nselect (1;\n",
        "begin;\nselect 1;\nselect bad;\nselect 1;\ncommit;\ncommit;\nrollback;\nbegin;\nbegin;\nrollback;\n",
        "begin;\ninsert into t(id) values (50);\nsavepoint s;\ninsert into t(id) values (51);\nrollback to s;\ncommit;\nselect id from t order by 1;\n",
        "insert into t(id) values (60)\\; select nope;\nselect count(*) from t where id = 60;\n",
        "select 'A' like 'a', 'A' ilike 'a', 'abc' ~ '^a', position('b' in 'abc'), trim(both 'x' from 'xxaxx'), substring('abcdef' from 2 for 3);\n",
        "select case when 1=1 then 'y' else 'n' end, exists(select 1), coalesce(null, 1), '1'::text, 1::bigint, cast('2' as numeric);\n",
        "select E'a\\nb', $$dollar$$, 'it''s';\nselect 7 / 2, 7 % 3, -7 / 2, 2 * 3 + 1, 1e3, 1.5;\n",
        "select '2024-02-29'::date, '2024-02-29 12:30:00+02'::timestamptz is null;\n",
        "prepare p(int) as select a from t where id = $1;\nexecute p(1);\nexecute p(1, 2);\ndeallocate p;\nexecute p(1);\n",
        "begin;\ndeclare c cursor for select id from t order by id;\nfetch 1 from c;\nmove 1 in c;\nfetch all from c;\nclose c;\nfetch c;\ncommit;\n",
        "copy r(b) from stdin;\none\ntwo\\tx\n\\N\n\\.\ncopy r to stdout;\ncopy (select b from r order by b) to stdout with (format csv, header);\n",
        "copy r from stdin;\n1\n\\.\ncopy r from stdin;\nx\ty\n\\.\nselect count(*) from r;\n",
        "set statement_timeout = 12345;\nshow statement_timeout;\nset statement_timeout = '90s';\nshow statement_timeout;\nset lock_timeout = '2 h';\nshow lock_timeout;\nreset all;\ncreate table nowhere.t(a int);\nselect true, current_date is null, '2024-02-29'::date, 1 + 1, $$a$$;\n",
        "set application_name = 'x';\nshow application_name;\nset nope = 1;\nshow standard_conforming_strings;\nreset all;\nshow transaction_isolation;\n",
        "\\set FETCH_COUNT 2\nselect id from t order by id;\n", "select 1 \\gdesc\n\\echo :ROW_COUNT\n",
        "create table al(a int, z int);\ninsert into al values (1, 2);\nalter table al add column b int default 7, add c int not null default 5, drop column z;\nselect * from al;\n\\d al\n",
        "alter table al rename column b to bb;\nalter table al rename to am;\nselect a, bb, c from am;\nalter table am rename to al;\nalter table am add d int;\n",
        "set client_min_messages = error;\nalter table al add column if not exists bb int;\nalter table al drop column if exists nope;\nalter table if exists nowhere add a int;\nalter table al add c int;\nselect * from al;\n",
        "alter table al add column u int unique, add v text;\ninsert into al(c, u) values (1, 1);\ninsert into al(c, u) values (1, 1);\nalter table al drop v;\nselect * from al order by a;\n",
        "begin;\nalter table al add w int, add x int;\nrollback;\nselect * from al order by a;\n",
        "select array[1,2,3], array['a','b c',null,'x,y','NULL',''], '{1, 2}'::int[], array[]::text[], array[1.5, 2], array[true, false]::bool[];\n",
        "select array_agg(x), array(select 1 union all select 2), array_agg(x) is null from (values (1),(2)) v(x);\nselect array_agg(a) from al where false;\n",
        "select array_length(array[1,2],1), cardinality(array['a']), 2 = any(array[1,2]), 'b' = any('{a,b}'::text[]), 3 <> all('{1,2}'::int[]);\n",
        "select '{1,x}'::int[];\nselect '{1'::int[];\nselect '1,2'::text[];\nselect '{\"a b\", \\\\\"q , null, \"null\"}'::text[], '{ 2024-02-29 }'::date[];\n",
        "create view v as select id, b from t;\nselect * from v;\n\\dv\ntruncate r;\ndrop table r, v;\ndrop view v;\ndrop table r;\n",
    ]

    private static let keywords: Set<String> = [
        "select", "insert", "into", "values", "update", "set", "delete", "from", "where", "order", "by", "create",
        "table", "as",
        "begin", "commit", "rollback", "to", "savepoint", "returning", "case", "when", "then", "else", "end", "exists",
        "coalesce", "null", "true", "false", "cast", "array", "union", "all", "any", "prepare", "execute", "declare",
        "cursor",
        "for", "fetch", "move", "in", "close", "drop", "view", "truncate", "show", "reset", "alter", "add", "column",
        "default",
        "not", "unique", "primary", "key", "references", "is", "like", "ilike", "and", "with", "count", "sum", "max",
    ]

    /// The script with its key words in capitals, as most people write them.
    private static func capitals(_ script: String) -> String {
        script.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard !line.hasPrefix("\\") else { return String(line) }
            let pieces = line.split(separator: /\b/, omittingEmptySubsequences: false)
            return pieces.map { keywords.contains(String($0)) ? $0.uppercased() : String($0) }.joined()
        }.joined(separator: "\n")
    }

    @Test("psql prints what it prints with a real server", arguments: [false, true])
    func psql(inCapitals: Bool) async throws {
        let scripts = Self.scripts.map { inCapitals ? Self.capitals($0) : $0 }
        #expect(scripts.contains { $0.contains("SELECT") } == inCapitals)
        try await PostgresServer.run { server in
            try await TranslatedPostgres.run { translated in
                for script in scripts {
                    let direct = try await server.psql(server.port, ["-a"], input: script)
                    let here = try await translated.psql(script, ["-a"])
                    #expect(here.text == direct.text)
                    #expect(Self.comparable(here.errorText) == Self.comparable(direct.errorText))
                }
            }
        }
    }

    /// Errors without what only a server with a planner of its own can add.
    private static func comparable(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { line in
            !line.hasPrefix("DETAIL:") && !line.hasPrefix("LOCATION:") && !line.contains(" NAME:")
                && !line.hasPrefix("HINT:") && !line.hasPrefix("LINE ") && !line.hasPrefix("CONTEXT:")
                && !line.allSatisfy { $0 == " " || $0 == "^" }
        }
    }

    @Test("what the backend can do is a relation and a setting, and what it cannot is refused by name")
    func capabilities() async throws {
        try await TranslatedPostgres.run { translated in
            let rows = try await translated.psql(
                "select support from fairlead.capabilities where capability = 'sql.query';\nshow fairlead.backend;\n",
                ["-At"])
            #expect(rows.text == "native\nhouse\n")
            let refused = try await translated.psql("select array[[1]];\nprepare transaction 'x';\n", ["-At"])
            #expect(refused.errorText.contains("0A000: UNSUPPORTED sql.query: backend 'house' (adapter embedded)"))
            #expect(refused.errorText.contains("0A000: UNSUPPORTED sql.transaction: backend 'house'"))
        }
    }

    @Test("the right password opens a session, a wrong one and an unknown user hear the same")
    func scram() async throws {
        try await TranslatedPostgres.run(users: ["alice": "secret"]) { translated in
            let right = try await translated.psql("select current_user;\n", ["-At"], user: "alice", password: "secret")
            #expect(right.text == "alice\n")
            for user in ["alice", "bob"] {
                let wrong = try await translated.psql("select 1;\n", user: user, password: "wrong")
                #expect(wrong.errorText.contains("FATAL:  password authentication failed for user \"\(user)\""))
                #expect(wrong.status == 2)
            }
        }
    }

    @Test("pgbench runs its own script in every query mode")
    func pgbench() async throws {
        try await TranslatedPostgres.run { translated in
            let pgbench = try PostgresInstall.find(.debian15).program("pgbench")
            let environment = translated.environment()
            try await Command.check([pgbench, "-i", "-q", "-s", "1"], env: environment)
            for mode in ["simple", "extended", "prepared"] {
                for script in [["-S"], []] {
                    let run = try await Command.check(
                        [pgbench, "-n", "-M", mode, "-c", "4", "-j", "2", "-t", "25"] + script, env: environment)
                    #expect(run.text.contains("number of transactions actually processed: 100/100"))
                    #expect(run.text.contains("number of failed transactions: 0"))
                }
            }
            let sums = try await translated.psql(
                "select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history);\n",
                ["-At"])
            #expect(sums.text == "t\n")
        }
    }

    @Test("psycopg gets from here what it gets from a real server")
    func psycopg() async throws {
        try await PostgresServer.run { server in
            try await TranslatedPostgres.run { translated in
                let folder = try TemporaryFolder()
                let file = try folder.write("main.py", TranslatedPostgresProgram.text)
                let direct = try await Command.check(
                    [try Tools.python, file, "\(server.port)"], timeout: .seconds(120))
                let here = try await translated.python(TranslatedPostgresProgram.text)
                #expect(here == direct.text.split(separator: "\n").map(String.init))
                #expect(here.count > 20)
            }
        }
    }

    @Test("what was answered is there after kill -9")
    func durability() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try TranslatedPostgres(folder)
        _ = try await first.psql("create table t(a int);\n")
        for number in 1...20 { _ = try await first.psql("insert into t values (\(number));\n") }
        // A block that nobody has committed is not there afterwards.
        let open = Task { try await first.psql("begin;\ninsert into t values (99);\nselect pg_sleep(600);\n") }
        try await Task.sleep(for: .milliseconds(300))
        first.fairlead.signal(SIGKILL)
        _ = try await open.value
        let second = try TranslatedPostgres(folder)
        defer { second.fairlead.stop() }
        #expect(try await second.psql("select count(*), sum(a) from t;\n", ["-At"]).text == "20|210\n")
    }
}
