// Which statements only read, by their words.

import Testing

@testable import PostgresWire

@Suite("What a statement does, as far as its words tell")
struct ReadingTests {
    private static func reading(_ text: [UInt8]) -> PostgresReading { PostgresReading(text.span) }
    private static func kind(_ text: String) -> PostgresReading.Kind { reading(Array(text.utf8)).kind }

    @Test(
        "a read may be asked of another server",
        arguments: [
            "select 1", "SELECT a FROM t WHERE b = $1", "(select 1) union select 2",
            "with x as (select 1) select * from x",
            "values (1), (2)", "table t", "show server_version", "select 'insert; delete' /* update; */ -- into",
            "select $x$ drop; table $x$", "select E'a\\';' from t", "select \"update\" from t", "select 1;;",
            "select a from t order by a limit 3", "select array_agg(a order by a) from t",
            "select substring(a from 2 for 3) from t", "copy t to stdout",
            "COPY s.t (a, b) TO STDOUT WITH (FORMAT csv);",
            "copy (select a from t order by a limit 3) to stdout (format binary)", "copy ((select 1)) to stdin",
        ])
    func reads(text: String) { #expect(Self.kind(text) == .read) }

    @Test(
        "what may write is none, and neither is what takes locks, numbers, or the server's own state",
        arguments: [
            ("insert into t values (1)", PostgresReading.Kind.write), ("create table t (a int)", .write),
            ("with x as (delete from t returning a) select * from x", .write), ("select a into u from t", .write),
            ("select nextval('s')", .write), ("select lo_unlink(1)", .write),
            ("select * from dblink('x', 'y')", .write),
            ("execute p", .write), ("do $$ begin end $$", .write), ("explain analyze insert into t values (1)", .write),
            ("copy t from stdin", .write), ("copy t to 'file'", .write), ("copy t to program 'x'", .write),
            ("copy (delete from t returning a) to stdout", .write),
            ("copy (select a from t limit 1) to stdout", .incomparable),
            ("copy pg_class to stdout", .incomparable), ("copy (select 1 to stdout", .write), ("copy", .write),
            ("declare c cursor for select nextval('s')", .write), ("declare c cursor for select 1", .session),
            ("fetch 1 from c", .session), ("move", .session), ("declare", .session), ("call p()", .write),
            ("update t set a = 1", .write),
            ("select a from t for update", .session), ("select a from t for no key update", .session),
            ("select a from t for key share", .session), ("select currval('s')", .session),
            ("select pg_advisory_lock(1)", .session), ("begin", .session), ("", .session), ("-- nothing", .session),
            ("set local a = 1", .session), ("set session characteristics as transaction read write", .session),
            ("set default_transaction_read_only = off", .session), ("set search_path to x", .setting),
            ("reset all", .setting), ("discard all", .reset), ("select set_config('a', 'b', false)", .unclear),
            ("select 1; drop table t", .unclear), ("select 'a\\' from t", .unclear), ("select 'open", .unclear),
            ("select /* open", .unclear), ("select $a$ open", .unclear), ("select u&\"x\"", .unclear),
            ("select pg_backend_pid()", .incomparable), ("select * from pg_class", .incomparable),
            ("select ctid from t", .incomparable), ("explain select 1", .incomparable),
            ("select a from t limit 1", .incomparable), ("select array_agg(a) from t", .incomparable),
        ])
    func others(text: String, kind: PostgresReading.Kind) { #expect(Self.kind(text) == kind, "\(text)") }

    @Test("an order is one of the whole, and data is what is read from a table or by a function that may")
    func facts() {
        func reading(_ text: String) -> PostgresReading { Self.reading(Array(text.utf8)) }
        #expect(reading("select a from t order by a").isOrdered)
        #expect(!reading("select a from (select a from t order by a) x").isOrdered)
        #expect(reading("select a from t").readsData && reading("select mine(1)").readsData)
        #expect(!reading("select 1 + count(*)").readsData && !reading("show a").readsData)
        #expect(reading("create temp table t (a int)").isForSession)
        #expect(!reading("create table t (a int)").isForSession)
    }

    @Test("locks are told from writes, also where both are in one statement")
    func locks() {
        func reading(_ text: String) -> PostgresReading { Self.reading(Array(text.utf8)) }
        #expect(reading("select a from t where b = 1 for update").locksRows)
        #expect(reading("select a from t order by a for no key update skip locked").isOrdered)
        #expect(!reading("select a from t limit 1 for update").locksRows)
        #expect(Self.kind("with x as (select a from t for update) update t set b = 1 from x") == .write)
        #expect(Self.kind("with x as (select a from t for share) delete from t using x") == .write)
    }

    @Test(
        "what is about a transaction says what it does with it",
        arguments: [
            ("begin", PostgresTransactionControl.begin), ("start transaction isolation level serializable", .begin),
            ("COMMIT", .end), ("end work", .end), ("rollback and no chain", .end), ("abort", .end),
            ("rollback to a", .within), ("savepoint a", .within), ("release savepoint a", .within),
            ("set local a = 1", .within), ("set constraints all deferred", .within),
        ])
    func controls(text: String, control: PostgresTransactionControl) {
        #expect(Self.reading(Array(text.utf8)).control == control)
        #expect(Self.kind(text) == .session)
    }

    @Test("what does something else is none, and what may let a transaction write is known")
    func noControls() {
        func reading(_ text: String) -> PostgresReading { Self.reading(Array(text.utf8)) }
        for text in ["commit and chain", "listen a", "declare c cursor for select 1", "prepare p as select 1"] {
            #expect(reading(text).control == nil, "\(text)")
        }
        for text in ["prepare transaction 'a'", "commit prepared 'a'", "rollback prepared 'a'"] {
            #expect(Self.kind(text) == .write && reading(text).changesTables, "\(text)")
        }
        for text in [
            "begin read write", "start transaction read write", "set transaction read write",
            "set local transaction_read_only = off",
        ] { #expect(reading(text).allowsWrites, "\(text)") }
        #expect(!reading("begin read only").allowsWrites)
        #expect(reading("drop table t").changesTables && !reading("insert into t values (1)").changesTables)
        #expect(!reading("create temp table t (a int)").changesTables)
    }

    @Test("what is done with a cursor is told by its words, and its rows by its query")
    func cursors() {
        func reading(_ text: String) -> PostgresReading { Self.reading(Array(text.utf8)) }
        let statements: [(String, PostgresCursorStatement?)] = [
            ("declare c cursor for select 1", .declare("c", lasts: false, isRead: true)),
            (
                "declare \"for\" binary scroll cursor without hold for select 1",
                .declare("for", lasts: false, isRead: true)
            ),
            ("declare c cursor with hold for select 1", .declare("c", lasts: true, isRead: true)),
            ("declare c cursor for select 1 from t limit 1", .declare("c", lasts: false, isRead: false)),
            ("declare c cursor for select a from t for update", .declare("c", lasts: false, isRead: false)),
            ("fetch c", .fetch("c", isAll: false)), ("FETCH ALL FROM \"C d\";", .fetch("C d", isAll: true)),
            ("fetch backward all in c", .fetch("c", isAll: false)),
            ("move absolute -3 in c", .fetch("c", isAll: false)),
            ("close c", .close("c")), ("close all", .close(nil)), ("close \"all\"", .close("all")), ("fetch 1", nil),
        ]
        for (text, cursor) in statements { #expect(reading(text).cursor == cursor, "\(text)") }
        let ordered = reading("declare c cursor for select a from t order by a")
        #expect(ordered.isOrdered && ordered.readsData)
        #expect(!reading("declare c cursor for select 1").isOrdered && reading("copy t to stdout").readsData)
    }

    @Test("every beginning of a text is looked at without a trap")
    func beginnings() {
        let text = Array("select E'a\\'', \"b\", $x$ y $x$, /* /* */ */ u&'1' from t where a = $1 -- end\n;".utf8)
        let others = [
            "copy s.t (a, b) from stdin with (format csv) where (a > 1)", "copy (select (1)) to stdout",
            "fetch all in \"c d\"",
            "declare c scroll cursor with hold for select 1 for update", "alter table if exists only s.t rename to u",
            "insert into s.t (a) select b from u on conflict (a) do update set a = 1",
            "create unique index on only t (a)",
        ]
        for text in [text] + others.map({ Array($0.utf8) }) {
            for count in 0...text.count {
                let beginning = Array(text[..<count])
                _ = Self.reading(beginning)
                _ = PostgresWriting(beginning.span)
                _ = PostgresDefinition(beginning.span)
                _ = PostgresReach(statement: beginning.span)
            }
        }
        for byte in UInt8.min...UInt8.max { _ = Self.reading(text + [byte] + text) }
    }
}
