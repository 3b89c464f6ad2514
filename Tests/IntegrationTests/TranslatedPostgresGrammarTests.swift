// Grammar that is written seldom, over the embedded database, against a real server.

import Testing

@Suite("Seldom grammar over the embedded database")
struct TranslatedPostgresGrammarTests {
    private static let only = [
        "create table t (id int primary key, a text, n int)", "create table u (id int, tid int)", "create schema s",
        "create table s.t (id int, x text)", "insert into s.t values (1, 'only')",
        "insert into t values (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)", "insert into u values (1, 1), (2, 1), (3, 9)",
        "select * from only t order by id", "SELECT id FROM ONLY (t) ORDER BY id", "select id from t * order by id",
        "select x.id, y.id from only t as x, only u y where x.id = y.tid order by 1, 2",
        "select x.id from only t x join only u y on x.id = y.tid order by 1", "select * from only s.t",
        "select * from only (s.t) as q where q.x = 'only'", "select count(*) from (only t cross join u)",
        "select * from only (select 1)", "select 'from only t', \"only\" from (select 1 as \"only\") q",
        "update only t set n = n + 1 where id = 1", "update only t as q set n = 5 where q.id = 1 returning q.n",
        "update only (t) set n = 6 where id = 1", "update t * set n = 7 where id = 1",
        "update only s.t set x = 'y' returning *",
        "delete from only u where id = 3", "delete from only u as z where z.id = 9 returning *",
        "delete from u * where id = 9",
        "with q as (select id from only t) select count(*) from q", "create view v as select id from only t",
        "select * from v order by id", "create table w as select * from only t", "select count(*) from only w",
        "set search_path to s", "select * from only t", "update only t set x = 'z' returning x",
        "set search_path to public",
        "begin; select id from only t where id = 1 for update; commit", "select * from t order by id",
        // TABLE
        "table s.t", "table only s.t", "table u order by id desc limit 1", "table u union all table u order by 1, 2",
        "(table u) order by 1", "select * from (table u) q order by id",
        "select exists (table u), exists (table u limit 0)",
        "with q as (table u) table q order by id", "create table tu as table u", "insert into tu table u",
        "select count(*) from tu", "create view vu as table u", "select * from vu order by id", "table nosuch", "table",
        "create table one (a int)", "select (table one)", "insert into one values (1)",
        "select (table one), 1 in (table one)",
        "insert into one values (2)", "select (table one)",
    ]

    private static let circles = [
        "create table a (id int primary key, b int)",
        "create table b (id int primary key, a int not null references a)",
        "alter table a add column r int references b", "insert into a values (1), (2)",
        "insert into b values (1, 1), (2, 2)",
        "update a set r = id", "drop table a", "drop table b", "truncate a", "delete from a",
        "select count(*) from a, b",
        "begin; drop table a, b; select 1; rollback", "select count(*) from a", "delete from a where id = 1",
        "begin; truncate a, b; select count(*) from a; insert into b values (1, 1); rollback", "select count(*) from b",
        "truncate b, a", "select (select count(*) from a), (select count(*) from b)", "insert into a values (1)",
        "insert into b values (1, 1)", "update a set r = 1", "insert into b values (2, 5)", "drop table b, a",
        "select * from a",
        "create schema c", "create table c.a (id int primary key)",
        "create table c.b (id int primary key, a int references c.a)",
        "alter table c.a add column b int references c.b", "insert into c.a values (1)",
        "insert into c.b values (1, 1)",
        "update c.a set b = 1", "drop schema c cascade", "create table p (id int primary key)",
        "create table q (id int references p)", "insert into q values (1)",
    ]

    @Test("ONLY and a star say nothing where no table inherits, and TABLE is a query")
    func inheritance() async throws { try await ComparedPostgres.compare(Self.only) }

    @Test("tables that refer to one another are dropped and emptied together")
    func references() async throws { try await ComparedPostgres.compare(Self.circles) }
}
