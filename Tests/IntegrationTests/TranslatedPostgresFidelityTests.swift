// What SQLite would do in silence and PostgreSQL does otherwise, against a real server.

import Testing

@Suite("What is not silently different over the embedded database")
struct TranslatedPostgresFidelityTests {
    private static let statements = [
        // An upsert changes no row twice.
        "create table u (id int primary key, n int, x text)",
        "insert into u values (1, 1), (1, 2) on conflict (id) do update set n = excluded.n", "select * from u",
        "insert into u values (1, 1), (2, 2) on conflict (id) do update set n = excluded.n returning id, n",
        "insert into u values (2, 5), (3, 6), (1, 7) on conflict (id) do update set n = u.n + excluded.n returning id, n",
        "insert into u values (1, 1), (4, 1), (1, 2) on conflict (id) do update set n = excluded.n",
        "insert into u values (5, 1), (5, 2) on conflict (id) do update set n = excluded.n where u.n > 100",
        "insert into u values (1, 1), (1, 2) on conflict (id) do update set n = excluded.n where u.n > 100",
        "insert into u select 6, g from generate_series(1, 2) g on conflict (id) do update set n = excluded.n",
        "insert into u values (7, 1), (7, 2) on conflict (id) do nothing",
        "with q as (select 1 as id) insert into u (id, n) select id, 9 from q where true on conflict (id) do update set n = excluded.n returning n",
        "select id, n from u order by id",
        // Patterns that end in the escape character.
        "select 'a' like 'a\\'", "select 'ab' like 'a\\'", "select '' like '\\'", "select 'x' like '%\\'",
        "select '' like '%\\'",
        "select 'x' like '_\\'", "select 'xy' like '_\\'", "select '' like '%_\\'", "select 'b' like 'a\\'",
        "select 'ab' ilike 'A\\'", "select 'ab' like 'a!' escape '!'", "select 'a!' like 'a!!' escape '!'",
        "select 'a\\' like 'a\\' escape ''", "select 'a%' like 'a\\%', 'a' not like 'b\\'",
        // Spaces at the end of varchar(n) and char(n).
        "create table c (id int, v varchar(3), f char(3))", "insert into c values (1, 'abc   ', 'a')",
        "insert into c values (2, 'abcd', 'a')", "insert into c values (2, 'a', 'abcd')",
        "insert into c values (2, 'ab ', 'abc    ')", "insert into c values (3, 'é  ', 'é')",
        "insert into c select 4, 'xyz' || '  ', 'x' || '   '", "update c set v = 'q' || '      ' where id = 4",
        "select id, v, f, length(v), length(f), octet_length(f), v || '|', f || '|' from c order by id",
        "select id from c where f = 'a' order by id", "select id from c where f = 'a  ' order by id",
        "select f like 'a', f like 'a  ', f::text like 'a', concat(f, '|') from c where id = 1",
        "select 'ab'::char(4), 'ab'::char(4) = 'ab'::char(2), 'abcdef'::char(3), 'abcdef'::varchar(3)",
        "select f, count(*) from c group by f order by f", "select max(f) || '|' from c",
        "insert into c (id, v) select id + 10, v from c order by id limit 1 returning *",
        // jsonb has one form.
        "select '{\"bb\": 1.10, \"a\":  [1, true, null], \"a\": 2}'::jsonb, '[1,2 , {\"x\":\"\\u00e9\\n\"}]'::jsonb",
        "select '{\"b\":1,\"a\":1}'::json, '1e3'::jsonb, '1.50e1'::jsonb, '-0'::jsonb, '12E-3'::jsonb, '\"\\/\"'::jsonb",
        "select '\"\\u0000\"'::jsonb", "select '{\"a\":}'::jsonb", "select '[1,]'::jsonb", "select ''::jsonb",
        "select '01'::jsonb",
        "select '\"\\ud83d\\ude00\"'::jsonb", "select '\"\\ud83d\"'::jsonb",
        "create table j (id int, d jsonb)",
        "insert into j values (1, '{\"b\":1,\"a\":{\"c\":[1,2]}}'), (2, '[1,2,3]'), (3, 'null')",
        "select d from j order by id", "select d -> 'a', d ->> 'a', d -> 'none', d ->> 'b' from j order by id",
        "select d -> 0, d -> -1, d ->> 5 from j order by id", "select d #> '{a,c}', d #>> '{a,c,1}' from j order by id",
        "select d @> '{\"b\": 1}', d @> '[2]', d <@ '[1,2,3,4]' from j order by id",
        "select d || '{\"z\": 0}' from j order by id", "select d ? 'a' from j order by id",
        "select id from j where d = '{\"a\":{\"c\":[1,2]},\"b\":1}'",
        "update j set d = d || '{\"k\":[]}' where id = 1 returning d",
        "select jsonb_build_object('a', true, 'b', 1.50, 'c', null, 'd', '[1]'::jsonb)",
        "select jsonb_agg(d) from j where id > 1", "select jsonb_agg(d) from j where id > 9",
        "select jsonb_object_agg(id, d) from j where id > 1", "select jsonb_build_array(1, 'x', false)",
        // numeric without a scale keeps the zeros at its end.
        "create table m (id int, r numeric, d numeric default 1.50)",
        "insert into m (id, r) values (1, 1.50), (2, '2.00'), (3, 10), (4, 0.10), (5, -1.500), (6, null), (7, '1e3'), (8, 1.5)",
        "insert into m (id, r) values (9, 'x')", "insert into m (id, r) select 9, 3.10 + 1.90",
        "insert into m (id, r) select 10, p from (values (7.250)) v (p)",
        "insert into m (id, r) values (11, 2.5::float8)",
        "select * from m order by id", "select r from m order by r, id",
        "select distinct r from m where id in (2, 3) order by r",
        "select r, count(*) from m where id < 5 group by r order by r",
        "select max(r), min(r), sum(r), avg(r) from m where id < 5",
        "select r + 1, r * 2, r - 0.5, -r, abs(r), r / 4 from m where id < 6 order by id",
        "select r > 1.5, r = 1.5, r between 1 and 2, r in (2, 10) from m order by id",
        "select id from m where r = 1.5 order by id", "update m set r = r + 0.50 where id = 1 returning r",
        "select r::text, r::numeric, r::int, r::float8, r::numeric(10,3), 'x' || r from m where id = 2",
        "select coalesce(r, 0), coalesce(r, 0.000) from m order by id",
        "select case when id = 1 then r else 0 end from m where id < 3 order by id",
        "select r, a.id from m a join m b using (r) where a.id <> b.id order by a.id",
        "select r from m where id = 1 union select r from m where id = 2 order by 1",
        "select r from m where id = 1 union all select r from m where id = 2 order by 1",
        "select r from (select r from m where id < 4) q order by r",
        "select lag(r) over (order by id) from m where id < 4 order by id",
        "create table m2 as select id, r, r * 2 as twice, 1.50 as c from m where id < 3",
        "select * from m2 order by id",
        "insert into m2 select id, r, r, r from m where id = 4", "insert into m2 select * from m2 where id = 4",
        "select * from m2 order by id",
        "select distinct r * 2 from m where id < 4 order by 1",
        "select r from m where id < 3 except select 2 order by 1",
        "select r * 2 from m where id = 2 union all select 4 order by 1",
        "select count(*) from (select 1.50 union select 1.500) q",
        "create view mv as select r, r + 1 as s from m where id < 4", "select * from mv order by r",
        "copy (select id, r from m where id < 4 order by id) to stdout",
        "select '1.50'::numeric, 1.50::numeric, 1e2::numeric",
        "create table mk (r numeric primary key check (r > 0.5), n int)", "insert into mk values (1.50, 1)",
        "insert into mk values (1.5, 2)", "insert into mk values (0.50, 2)",
        "insert into mk values (1.500, 2) on conflict (r) do update set n = excluded.n returning r, n",
        "alter table m add column z numeric default 2.50", "select z from m where id = 1",
        // COPY knows no columns that are computed.
        "create table g (a int, b int generated always as (a * 2) stored)", "copy g to stdout", "copy g (b) to stdout",
        "insert into g values (4)", "copy g to stdout", "insert into g (a, b) values (1, 2)",
        "insert into g values (1, 2)",
        "update g set b = 1",
        // Arrays with other items.
        "select array_append(array[1], 2), array_prepend(1, array[2]), array_remove(array[1, 2, 1, null], 1), array_append(array['a'], 'b c'::text)",
        "select array_remove(array['a', null], null), array_append(null::int[], 1), array_remove(null::int[], 1), array_append(array[1], null)",
        // AT TIME ZONE behind a column.
        "create table z (d timestamp, e timestamptz, f date)",
        "insert into z values ('2024-01-02 03:04:05', '2024-01-02 03:04:05+00', '2024-01-02')",
        "select d at time zone 'UTC', e at time zone 'UTC', f at time zone 'UTC' from z",
        "select z.e at time zone 'utc' as t from z where e at time zone 'UTC' = '2024-01-02 03:04:05'",
        "select (d at time zone 'UTC') at time zone 'UTC' from z",
        "select timestamp '2024-01-02' at time zone 'UTC', '2024-01-02'::timestamptz at time zone 'UTC'",
        "select date_trunc('day', e at time zone 'UTC') from z", "select 1 at time zone 'UTC'",
    ]

    /// Refused by name, whatever a server says.
    private static let refused = [
        "select '{\"a\": 1}'::jsonb - 'a'", "select '{\"a\": 1}'::jsonb - 1.5",
        "select d at time zone 'Europe/Berlin' from z",
        "select a, count(*) from g group by rollup (a)", "select a, count(*) from g group by grouping sets ((a), ())",
        "select j.a from (g cross join z) as j", "select 2 ^ 3",
        "select * from g tablesample system (10)", "select array_append(array[1.5], 1.50)",
        "select percentile_cont(0.5) within group (order by a) from g",
    ]

    @Test("rows and SQLSTATEs are those of a real server, or the statement is refused by name")
    func differential() async throws {
        try await ComparedPostgres.compare(Self.statements, refused: Self.refused)
    }
}
