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

    /// Read as they are meant, or wrong as there.
    private static let read = [
        "create table t (id int primary key, a text, n int)", "create table u (id int, tid int)",
        "insert into t values (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)", "insert into u values (1, 1), (2, 1), (3, 9)",
        "select id from t union distinct select tid from u order by 1",
        "select id from t except distinct select tid from u order by 1",
        "select id from t intersect distinct select tid from u order by 1",
        // Rows are locked of what stands in FROM, and nothing else is said.
        "select id from t for update of nosuch", "select id from t x for update of t",
        "select id from t x for update of x",
        "select id from t for update of x.t", "select id from t for update update",
        "select id from t for share nowait skip locked",
        "select id from t for no update", "select id from t order by id for no key update of t skip locked",
        "select t.id from t join u on t.id = u.id order by 1 for share of u, t nowait",
        "select id from t order by id limit 1 for update", "select id from t order by id for update limit 1",
        // Definitions.
        "create table x (id int references t match partial)", "create table x (id int references t match full)",
        "create index column on t (n)", "create index 'i' on t (n)", "create table table (a int)",
        "create table x (select int)",
        "select coalesce()", "select greatest()", "select least ( ) n 0 ) from t", "select nullif()",
        "select coalesce(null)", "select coalesce(1), coalesce(null, null)", "select nullif(1)",
        "select nullif(1, 2, 3)",
        "select - null", "select + null", "select +'1', -(+'2.5')",
        "drop table [u]", "truncate [u]", "drop table `u`", "alter table `u` add x int", "create table `x` (a int)",
        "create table [x] (a int)", "create index [i] on t (n)", "create view [x] as select 1",
        "alter table [u] add x int",
        "create table x (id text storage)", "create table x (id text foo)", "create table x (id int unsigned)",
        "create table y (id int null not null)", "create table y (id int not null null)",
        "create table y (id int default 1 default 2)",
        "create table y (id int not null default null, b text null default null, c int constraint cc null)",
        "create table z (id int, constraint k check (id > 1), constraint k check (id > 2))",
        "create table z (id int constraint k check (id > 1), b int constraint k check (b > 2))",
        "create table z (id text compression pglz not null, t text)", "insert into z values ('a', 'b')",
        "insert into z values (null)",
        "create table n (x, y) as select 1, 'a'::text", "select * from n", "create table n2 (x, y, z) as select 1, 2",
        "create table n3 (x) as select id, a from t where id = 1", "select * from n3",
        "create temp table n4 (q) as values (1), (2)",
        "select q from n4 order by 1", "create table n5 (x int) as select 1",
        // Indexes and their names.
        "create index on t (lower(a))", "create index on t (lower(a))", "create index on t ((n + 1))",
        "create index on t ((n))",
        "create index on t (n desc nulls first, a asc nulls last)", "create index on t (a text_pattern_ops)",
        "create index on t (a varchar_pattern_ops desc) with (fillfactor = 70) tablespace pg_default where n > 1",
        "create index on t ((coalesce(n, 1)), (lower(a)))",
        "select indexname from pg_indexes where tablename = 't' order by 1",
        "truncate u *", "select count(*) from u", "alter table u * add column z int default 2 * 3",
        "insert into u (id) values (1)",
        "select z from u", "alter table u add column y int default 1 check (y * z > 0)",
        // Settings.
        "show search_path search_path", "show", "set application_name to 'a' 'b'", "set application_name to to 'a'",
        "set application_name to default 'x'", "set application_name to 'a',", "set application_name to",
        "set datestyle to iso, mdy",
        "set statement_timeout to - 1", "set application_name = b", "show application_name", "reset application_name",

        // Values.
        "select pg_typeof(1 << 2), pg_typeof(1::int2 & 1), pg_typeof(1::int8 | 1::int2), pg_typeof(~1::int2), pg_typeof('a' || 'b'), pg_typeof(1 = 1)",
        "select to_hex(1::int2)", "select to_hex('1')", "select to_hex(1.5)", "select to_hex('a'::text)",
        "update t set (a, n) = (select 'x') where id = 1",
        "update t set (a, n) = ('x', 1, 2) where id = 1", "update t set (a) = ('y') where id = 1 returning a",
        "select 1 < 2 = true", "select (1 < 2) = true, 1 < 2 = any (array[true])", "select 1 = 1 = 1",
        "select true = (1 < 2)",
        "select abs(1) over ()", "select abs(1) filter (where true)", "select count(distinct 1) over ()", "select 1 ]",
        "select sum(1) over w",
        "select -'1'", "select +'a'", "select count()", "select '2024-02-30'::date",
        "select '2024-01-01 25:00'::timestamp", "select '25:00'::time",
        "select '2024-13-01'::timestamptz", "select 'x'::date", "select '2024-01'::date", "select '\\xzz'::bytea",
        "select '\\x1'::bytea",
        "select 'a\\9'::bytea",
        "create table k (a int, b int, primary key (a, b))", "insert into k values (1, 1) on conflict (a) do nothing",
        "select (select id, n from t limit 1)", "select 1 in (select id, n from t)",
        "select substring('abc' from 2), substring('abc' for 2), substring('abc' from 2 for 1), substring('abc', 2)",
        "create view vw as select id from t",
    ]

    /// Refused by what they are called, and not as errors of syntax.
    private static let refused = [
        "select", "select from t", "select id from t order by id using >", "select n, count(*) from t group by all n",
        "select n, count(*) from t group by distinct n", "select grouping(n), n from t group by n",
        "select id from t for read only", "select id from t intersect all select id from u",
        "select id from t except all select id from u",
        "select * from rows from (generate_series(1, 2), generate_series(1, 3)) as r (a, b)",
        "with recursive q(n) as (select 1 union all select n + 1 from q where n < 3) search depth first by n set o select * from q",
        "with recursive q(n) as (select 1 union all select n + 1 from q where n < 3) cycle n set c using p select * from q",
        "insert into t values (1, 'a', 1) on conflict (id) do update set (a, n) = row('a', 4)",
        "update t set (a, n) = row('m', 2)", "update t set (a, n) = (default, default)",
        "update t set (a, n) = ('a', default)",
        "create table x (id int, check (id > 0) no inherit)", "create table x (id int, unique nulls not distinct (id))",
        "create table x partition of t for values from (1) to (10)", "create table x of sometype",
        "create table x (id int, primary key (id) include (id))",
        "create table x (id int primary key using index tablespace pg_default)",
        "create table x (id int references t on delete set null (id))", "create table x ()",
        "create table x using heap as select 1 as a",
        "create table x with (fillfactor=50) as select 1 as a", "create table x tablespace pg_default as select 1 as a",
        "create table x (a int, b int, foreign key (a, b) references t (id, n) match full)",
        "alter table t add constraint k unique using index t_pkey",
        "create unique index on t (n) nulls not distinct",
        "create recursive view rv (n) as select 1 union all select n + 1 from rv",
        "create view x as select * from t with check option", "create view x with (security_barrier) as select 1 as a",
        "select (t).id from t", "select 'a' is document", "select 'a' is not normalized",
        "select 'a' is nfc normalized",
        "select 'a' like any (array['a', 'b'])", "select 'a' not ilike all (array['a', 'b'])",
        "select collation for ('a')",
        "select concat(variadic array['a', 'b'])", "select xmlelement(name a)", "select substring('abc' from 'b')",
        "select substring('abc' similar 'a' escape '#')", "select substring(a from '1' for '2') from t",
        "select f(a => 1)",
        "select count(distinct (n, id)) from t",
    ]

    @Test("what is read means the same, and what is wrong has the same SQLSTATE")
    func clauses() async throws { try await ComparedPostgres.compare(Self.read) }

    @Test("what is not there is refused by its name")
    func refusals() async throws {
        try await ComparedPostgres.compare(Array(Self.read.prefix(3)), refused: Self.refused)
    }

    @Test("ONLY and a star say nothing where no table inherits, and TABLE is a query")
    func inheritance() async throws { try await ComparedPostgres.compare(Self.only) }

    @Test("tables that refer to one another are dropped and emptied together")
    func references() async throws { try await ComparedPostgres.compare(Self.circles) }
}
