// Functions, relations and settings that are about sessions, on the embedded database against a real server.

import Foundation
import TestSupport
import Testing

@Suite("Sessions over the embedded database")
struct TranslatedPostgresSessionTests {
    private static let refused: Set<String> = ["create table l (a int unique deferrable)"]

    /// One after another, each by itself.
    private static let statements = [
        "select current_schemas(true)",
        // generate_series among the tables.
        "select * from generate_series(1, 3)", "select generate_series from generate_series(3, 1, -1)",
        "select g from generate_series(1, 3) g", "select g.g, g * 2 from generate_series(1, 3) as g where g > 1",
        "select i from generate_series(1, 9, 4) as s(i)", "select s.i from pg_catalog.generate_series(1, 2) s(i)",
        "select a.x, b.y from generate_series(1, 2) a(x), generate_series(a.x, 2) b(y)",
        "select count(*), sum(g), min(g), max(g) from generate_series(1, 1000) as g",
        "select g from generate_series(null, 3) g", "select g from generate_series(1, 3, 0) g",
        "select g from generate_series(2147483646, 2147483647) g",
        "select g from generate_series(9223372036854775806, 9223372036854775807) g",
        "select g from generate_series('1', 2) g", "select g from generate_series(1) g",
        "select g from generate_series('1', '2') g", "select g from generate_series(1, 2) as g(a, b)",
        "select g from generate_series(1, 3) g order by g desc limit 2",
        "select x, g from (select 2 as x) q cross join generate_series(1, 2) g",
        "select (select count(*) from generate_series(1, 4))",
        "select sum(g) from generate_series(1, (select 3)) g",
        "with s as (select g from generate_series(1, 2) g) select * from s",
        "values (1), (2)",
        // In a select list.
        "select generate_series(1, 3)", "select 'x' as a, generate_series(1, 2) as b",
        "select generate_series(1, 3) + 10 as c", "select generate_series(1, 2), generate_series",
        "create table t (id int primary key, n text)", "insert into t select generate_series(1, 3), 'n'",
        "select id, generate_series(1, 2) from t order by 1, 2",
        "select generate_series(id, 3) from t where id > 1 order by 1",
        "select (select generate_series(1, 2))", "select array(select generate_series(1, 3))",
        "create table u as select generate_series(1, 5) as a", "select sum(a) from u",
        "create view v as select g from generate_series(1, 3) as g", "select * from v",
        "insert into u select generate_series(6, 7) returning a",
        // Types.
        "select pg_typeof(1), pg_typeof(1.5), pg_typeof('a'), pg_typeof('a'::text), pg_typeof(null), pg_typeof(now())",
        "select pg_typeof(id), pg_typeof(n), pg_typeof(id + 1), pg_typeof(count(*)) from t group by id, n limit 1",
        "select pg_typeof(1 / 0)",
        // Ordered aggregates.
        "create table o (id int, n text); insert into o values (3, 'c'), (1, 'a'), (null, 'x'), (2, null)",
        "select array_agg(id order by id), array_agg(id order by id desc) from o",
        "select array_agg(id order by id nulls first), array_agg(n order by n desc nulls last, id) from o",
        "select string_agg(n, ',' order by id), string_agg(n, id::text order by n desc) from o",
        "select id is null, array_agg(n order by n) filter (where n <> 'a') from o group by 1 order by 1",
        "select array_agg(id order by id) from o where id > 9",
        "select string_agg(n, ',' order by n) from o where id > 9",
        "select sum(id order by id), count(*) from o", "select pg_typeof(array_agg(id order by id)) from o",
        "select md5('hello'), md5(''), md5(null)",
        "select substring('hello', 2, 3), substring('hello' from -2 for 4), substring('hello', -2), substr('äöü', 2)",
        "select substring('hello', 2, -1)", "select substring('hello', 9), substring('hello', 2147483647, 2147483647)",
        "create temp table gone (a int); select pg_advisory_lock(77); discard all; set client_min_messages = warning",
        "select * from gone",
        "select pg_advisory_unlock(77)",
        // Views on what is dropped.
        "create table d (a int)", "create view dv as table d", "create view dw as select a from dv", "drop table d",
        "drop view dv", "drop table d cascade", "select * from dw",
        "select count(*) from pg_class where relname in ('dv', 'dw')",
        "select x.a from (select 1 as a) y", "select y.b from (select 1 as a) y", "select transaction from o",
        "select nothing",
        "insert into o table o", "select count(*) from (table o) q",
        "create table l (a int unique deferrable)", "select count(*) from o for update", "vacuum o; select 1",
        "begin; vacuum o; rollback", "select (values (1), (2))", "select 'a' like 'a' escape 'xx'",
        // Channels.
        "listen c", "notify c, 'one'", "select pg_notify('c', 'two')", "select * from pg_listening_channels()",
        "begin; notify c, 'a'; notify c, 'a'; savepoint s; notify c, 'b'; rollback to s; notify c; commit",
        "begin; notify c, 'never'; rollback", "select pg_notify('', 'x')", "select pg_notify('c', repeat('x', 8000))",
        "begin; listen e; rollback", "select c from pg_listening_channels() as c", "unlisten c", "notify c, 'nobody'",
        "listen \"C\"; unlisten *", "select count(*) from pg_listening_channels()", "notify", "notify c, x",
        // Hashes.
        "select hashtext(''), hashtext('a'), hashtext('hello'), hashtext('hello worl'), hashtext('hello world')",
        "select hashtext('hello world!'), hashtext('hello world, hello world'), hashtext('ä€𝄞'), hashtext(null)",
        // Settings.
        "select current_setting('statement_timeout'), current_setting('none.such', true)",
        "select current_setting('none.such')", "select set_config('my.own', 'x', false)",
        "select current_setting('my.own')", "show my.own",
        "begin; select set_config('my.own', 'y', true); select current_setting('my.own'); commit; show my.own",
        "begin; select set_config('my.own', 'z', false); rollback; show my.own",
        "begin; set my.own = 'a'; savepoint s; set my.own = 'b'; rollback to s; show my.own; commit; show my.own",
        "select set_config('statement_timeout', 'never', false)", "select set_config(null, 'a', false)",
        "select set_config('statement_timeout', '90s', false)", "show statement_timeout", "reset statement_timeout",
        "select set_config('my.own', 'lost', false), 1 / 0", "show my.own",
        // What is prepared and open.
        "prepare p (int, text) as select $1, $2",
        "select name, statement, parameter_types, from_sql from pg_prepared_statements",
        "deallocate p", "select count(*) from pg_prepared_statements",
        "begin; declare c scroll cursor for select 1; select name, statement, is_scrollable, is_holdable, is_binary from pg_cursors; commit",
        "select count(*) from pg_cursors where name <> ''",
        "select usename = current_user, datname = current_database(), state, query from pg_stat_activity where pid = pg_backend_pid()",
        "select count(*) from pg_stat_activity where pid = pg_backend_pid() and backend_start <= now() and query_start <= clock_timestamp()",
        // Cursors.
        "begin; declare c scroll cursor for select generate_series(1, 5); fetch last from c; fetch prior from c; fetch first from c; fetch absolute 3 from c; fetch relative -2 from c; fetch 0 from c; fetch all from c; fetch backward 2 from c; fetch absolute 99 from c; fetch prior from c; fetch backward all from c; fetch next from c; move 2 from c; fetch relative 0 from c; fetch absolute -1 from c; fetch absolute -9 from c; fetch forward 2 from c; fetch -1 from c; commit",
        "begin; declare c no scroll cursor for select generate_series(1, 5); fetch 2 from c; fetch prior from c; rollback",
        "begin; declare c scroll no scroll cursor for select 1; rollback",
        "begin; declare h cursor with hold for select generate_series(1, 3); fetch 1 from h; commit; fetch 1 from h; begin; fetch 1 from h; rollback; fetch all from h; close h; fetch h",
        "begin; declare h cursor with hold for select 1; rollback", "fetch h",
        "declare h cursor with hold for select a from u order by a", "delete from u where a < 3", "fetch 3 from h",
        "close all",
        "begin; declare c cursor for select a from u order by a; fetch 1 from c; update u set a = a + 100; fetch 2 from c; rollback",
        "begin; declare c cursor for select a from u order by a; savepoint s; fetch c; declare d cursor for select 1; rollback to s; fetch c; fetch d; rollback",
        "declare c cursor for select 1",
        // Advisory locks.
        "select pg_advisory_lock(1), pg_try_advisory_lock(1), pg_advisory_unlock(1), pg_advisory_unlock(1), pg_advisory_unlock(1)",
        "select pg_try_advisory_lock_shared(1, 2), pg_advisory_unlock(1, 2), pg_advisory_unlock_shared(1, 2)",
        "begin; select pg_advisory_xact_lock(5); select pg_advisory_unlock(5); commit",
        "select pg_try_advisory_xact_lock(6)", "select pg_advisory_unlock_all()", "select pg_advisory_lock(null)",
        // TRUNCATE and counters.
        "truncate u restart identity", "create table s (id serial primary key, x int)",
        "insert into s (x) values (1), (2)", "truncate s restart identity", "insert into s (x) values (3) returning id",
        "truncate s", "insert into s (x) values (4) returning id",
        // Temporary tables.
        "begin; create temp table a (n int) on commit delete rows; insert into a values (1); select count(*) from a; create temp table b (n int) on commit drop; commit",
        "select count(*) from a", "select * from b", "insert into a values (1)", "select count(*) from a",
        "begin; create temp table c (n int); insert into c values (1); rollback", "select * from c",
        "begin; create temp table c (n int); insert into c values (1); savepoint s; insert into c values (2); rollback to s; select * from c; commit",
        "select * from c",
        "begin; savepoint s; create temp table d (n int); rollback to s; select * from d; rollback",
        "begin; savepoint s; create temp table d (n int); release s; insert into d values (1); commit",
        "select * from d",
        "begin; create temp table if not exists d (n int); rollback", "select * from d",
        "begin read only; insert into d values (2); commit", "select * from d order by 1",
        "begin read only; create temp table e (n int); commit",
        "begin isolation level repeatable read; create temp table e (n int); insert into e values (1); rollback",
        "select * from e", "create table x (n int) on commit drop", "create temp table y on commit drop as select 1",
        "begin; create temp table y on commit drop as select 1 as n; select * from y; commit", "select * from y",
        // Along the search path.
        "select current_schema(), current_schemas(false)", "show search_path",
        "create schema one; create schema two", "set search_path to one, two", "show search_path",
        "create table t (x text)", "insert into t values ('one')", "create table two.t (x text)",
        "insert into two.t values ('two')", "create table two.w (y int)", "select * from t", "select * from w",
        "insert into w values (1) returning w.y", "update w set y = 2", "delete from w where w.y = 2 returning y",
        "select t.x from t", "select q.x from t q join two.t r on r.x <> q.x", "select count(*) from public.t",
        "select relname from pg_class where oid = 't'::regclass", "select current_schema(), current_schemas(false)",
        "select tablename, schemaname from pg_tables where schemaname in ('one', 'two') order by 1, 2",
        "select * from u", "insert into u values (1)", "drop table u", "drop table if exists u",
        "create index on w (y)", "create index wi on t (x)",
        "select schemaname, indexname from pg_indexes where tablename in ('w', 't') and schemaname <> 'public' order by 2",
        "drop index wi", "create view vv as select x from t", "select * from vv", "alter table w add z int",
        "alter table w rename to ww", "select * from two.ww", "truncate ww",
        "with t as (select 5 as x) select x from t",
        "select * from t where exists (select 1 from ww)", "create temp table t (x text)", "select count(*) from t",
        "drop table t", "select * from t", "prepare p as select x from t", "execute p", "set search_path to two",
        "execute p", "set search_path to none", "execute p", "create table q (a int)", "select current_schema()",
        "set search_path to 'one, two'", "show search_path", "set search_path to \"$user\", Public", "show search_path",
        "execute p", "select set_config('search_path', 'two', false); select * from t", "reset search_path",
        "create schema postgres; create table postgres.t (mine int)", "select * from t", "select current_schema()",
        "drop schema postgres cascade", "select count(n) from t",
        "begin; set local search_path to one; select * from t; commit; select count(n) from t",
        "drop schema one, two cascade",
        // Multi-statement queries.
        "set my.own = 'kept'; select 1", "show my.own",
    ]

    @Test("rows, names and SQLSTATEs are those of a real server")
    func differential() async throws {
        let (expected, got) = try await ComparedPostgres.answers(to: Self.statements)
        #expect(expected.count == Self.statements.count)
        #expect(got.count == expected.count)
        // Who told a channel has a number of its own.
        func masked(_ text: String) -> String { text.replacing(#/PID \d+/#, with: "PID") }
        for (statement, (expected, got)) in zip(Self.statements, zip(expected, got)) {
            // What is refused by name is not silently something else.
            if got.hasPrefix("ERROR:  0A000"), Self.refused.contains(statement) { continue }
            #expect(masked(got) == masked(expected), "\(statement)")
        }
    }

    @Test("a login with a time zone that is not UTC is refused by name")
    func zone() async throws {
        try await TranslatedPostgres.run { server in
            for zone in ["UTC", "Etc/UTC", "GMT"] {
                #expect(try await server.psql("select 1", ["-At"], env: ["PGTZ": zone]).text.hasPrefix("1"), "\(zone)")
            }
            let refused = try await server.psql("select 1", ["-At"], env: ["PGTZ": "Europe/Berlin"])
            #expect(refused.status != 0)
            #expect(refused.errorText.contains("UNSUPPORTED sql.query: times are in UTC here"))
        }
    }
}
