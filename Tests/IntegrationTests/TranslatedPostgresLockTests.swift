// LOCK TABLE and locks of rows over the embedded database, where one writer at a time makes the promise hold.

import Foundation
import TestSupport
import Testing

@Suite("Locks over the embedded database")
struct TranslatedPostgresLockTests {
    @Test("a lock keeps out whom it has to, and nobody waits with NOWAIT")
    func locks() async throws {
        try await TranslatedPostgres.run { server in
            let lines = try await server.python(Self.program)
            #expect(lines == Self.expected)
        }
    }

    private static let expected = [
        "lock outside of a block: 25P01", "lock of nothing: 42P01", "reader beside share: 1",
        "writer beside share: 55P03", "reader beside access exclusive: 55P03", "reader through a view: 55P03",
        "reader of another table: 0", "nowait beside a lock: 55P03", "reader after the lock: 1",
        "for update nowait: 55P03", "for update nowait in a block: 55P03", "lock nowait: 55P03",
        "for update nowait when free: 1", "skip locked when free: 1", "for update in a view of its own time: True",
        "for update in a read-only block: 25006", "lock with wrong words: 42601",
        "skip locked beside a writer: []", "of a limit: []", "counted: [(0,)]", "in a block: []",
        "beside a writer's end: [(1,)]",
        "share beside share: [(1,)]", "share beside who shared and then wrote: 55P03", "share beside a writer: 55P03",
        "change of what is not locked: [(5,)]", "it stays: [(5,)]", "change beside a lock, nowait: 55P03",
        "limit behind the lock: [(5,)]", "offset alone: 0A000",
    ]

    private static let program = """
        import sys, psycopg
        port = sys.argv[1]
        def connect():
            return psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres", autocommit=True)
        one, two = connect(), connect()
        def ask(c, sql):
            with c.cursor() as cursor:
                try:
                    cursor.execute(sql)
                    row = cursor.fetchone() if cursor.description else None
                    return row[0] if row else None
                except psycopg.Error as error:
                    return error.sqlstate
        def tell(what, c, sql): print(what + ":", ask(c, sql))
        ask(one, "create table t (a int)"); ask(one, "insert into t values (1)")
        ask(one, "create table o (a int)"); ask(one, "create view v as select a from t")
        ask(two, "set lock_timeout to 100")
        tell("lock outside of a block", one, "lock table t")
        ask(one, "begin"); tell("lock of nothing", one, "lock table nothing"); ask(one, "rollback")
        ask(one, "begin"); ask(one, "lock table t in share mode")
        tell("reader beside share", two, "select a from t")
        tell("writer beside share", two, "insert into t values (2)")
        ask(one, "rollback"); ask(one, "begin"); ask(one, "lock t")
        tell("reader beside access exclusive", two, "select a from t")
        tell("reader through a view", two, "select a from v")
        tell("reader of another table", two, "select count(*) from o")
        ask(two, "begin"); tell("nowait beside a lock", two, "lock table t in share mode nowait"); ask(two, "rollback")
        ask(one, "commit")
        tell("reader after the lock", two, "select a from t")
        ask(one, "begin"); ask(one, "select a from t for update")
        ask(two, "set lock_timeout to 0")
        tell("for update nowait", two, "select a from t for update nowait")
        ask(two, "begin"); tell("for update nowait in a block", two, "select a from t for update nowait"); ask(two, "rollback")
        ask(two, "begin"); tell("lock nowait", two, "lock table t nowait"); ask(two, "rollback")
        ask(one, "commit")
        tell("for update nowait when free", two, "select a from t for update nowait")
        tell("skip locked when free", two, "select a from t for update skip locked")
        ask(one, "begin isolation level repeatable read"); ask(one, "select a from t")
        ask(one, "select a from t for update")
        ask(two, "set lock_timeout to 100")
        print("for update in a view of its own time:", ask(two, "update t set a = 3") == "55P03")
        ask(one, "commit")
        ask(one, "begin read only"); tell("for update in a read-only block", one, "select a from t for update"); ask(one, "rollback")
        ask(one, "begin"); tell("lock with wrong words", one, "lock table t in wrong mode"); ask(one, "rollback")
        def rows(what, c, sql):
            with c.cursor() as cursor:
                try: print(what + ":", cursor.execute(sql).fetchall())
                except psycopg.Error as error: print(what + ":", error.sqlstate)
        ask(two, "set lock_timeout to 100")
        ask(one, "begin"); ask(one, "update t set a = a")
        rows("skip locked beside a writer", two, "select a from t for update skip locked")
        rows("of a limit", two, "select a from t order by a limit 1 for update skip locked")
        rows("counted", two, "select count(*) from (select a from t for update skip locked) q")
        ask(two, "begin isolation level repeatable read")
        rows("in a block", two, "select a from t for share skip locked"); ask(two, "commit")
        ask(one, "commit")
        rows("beside a writer's end", two, "select a from t for update skip locked")
        ask(one, "begin"); ask(one, "select a from t for share")
        rows("share beside share", two, "select a from t for share")
        ask(one, "update t set a = a"); rows("share beside who shared and then wrote", two, "select a from t for share")
        ask(one, "commit"); ask(one, "begin"); ask(one, "update t set a = a")
        rows("share beside a writer", two, "select a from t for share")
        ask(one, "commit")
        rows("change of what is not locked", two,
            "update t set a = 5 where a = (select a from t order by a limit 1 for update skip locked) returning a")
        rows("it stays", one, "select a from t")
        ask(one, "begin"); ask(one, "select a from t for update"); ask(two, "set lock_timeout to 0")
        rows("change beside a lock, nowait", two, "update t set a = 6 where a = (select a from t for update nowait) returning a")
        ask(one, "commit")
        rows("limit behind the lock", two, "select a from t for update skip locked limit 1")
        rows("offset alone", two, "select a from t for update skip locked offset 1")
        """
}
