// Schemas on the embedded database against a real server: the same rows, or the same SQLSTATE.

import Testing

@Suite("Schemas over the embedded database")
struct TranslatedPostgresSchemaTests {
    /// One after another, each by itself.
    private static let statements = [
        "create schema s", "create schema s", "create schema if not exists s", "create schema pg_s",
        "create schema public",
        "create schema \"Other One\"", "create table nowhere.t (a int)", "select * from nowhere.t",
        // The same name in three schemas.
        "create table s.t (id int primary key, a int check (a < 100), x text not null unique)",
        "create table t (id int)",
        "create table \"Other One\".t (id bigint)", "create table s.t (id int)",
        "create table if not exists s.t (id int)",
        "create temporary table s.u (id int)",
        "insert into s.t values (1, 10, 'one'), (2, 20, 'two')",
        "insert into s.t (id, x) values (3, 'three') returning id, t.x",
        "insert into t values (7)", "insert into \"Other One\".t values (8)",
        "select * from s.t order by id", "select * from t", "select id from \"Other One\".t",
        "select t.id, s.t.x from s.t where s.t.id = 1", "select q.id from s.t q order by q.id desc",
        "select q.id from s.t as q order by 1", "select t.* from s.t where t.id = 2",
        "select a.id, b.id from t a, s.t b order by 2", "select t.id from t, s.t as b where b.id = 1",
        "select b.x from t a join s.t b on b.id = a.id - 6", "select x from (select * from s.t) q where id = 1",
        "with q as (select * from s.t) select count(*) from q", "select count(*) from (s.t cross join t b)",
        "select (select max(id) from s.t)", "select 1 where exists (select 1 from s.t where a = 10)",
        // What is called like a schema and is none.
        "select s.id from t s", "select s.x from s.t s where s.id = 1",
        "select extract(year from s.d) from (select date '2024-01-01' as d) s",
        "select 1 from t s where s.id is distinct from s.id",
        // Constraints, types and groups are those of the table in the schema.
        "insert into s.t values (1, 1, 'again')", "insert into s.t values (4, 1, 'one')",
        "insert into s.t values (4, 100, 'four')",
        "insert into s.t (id) values (5)", "select id from s.t where a = 'x'",
        "select a + 1 from s.t order by id limit 1",
        "select a, count(*) from s.t", "select id, x from s.t group by id order by id", "select nowhere from s.t",
        "insert into s.t (nowhere) values (1)",
        "insert into s.t values (1, 1, 'z') on conflict (id) do update set a = t.a + excluded.a returning a",
        "update s.t set a = a + 1 where id = 2 returning t.a", "update s.t as q set a = 5 where q.id = 2 returning q.a",
        "delete from s.t where t.id = 3 returning id",
        "create table s.child (t int references s.t (id))", "insert into s.child values (99)",
        "insert into s.child values (1)",
        // Indexes, views and copies of tables.
        "create index i on s.t (a)", "create index i on t (id)", "create index on s.t (x)", "drop index s.i",
        "drop index s.i", "drop index i",
        "create view s.v as select id, x from s.t", "select * from s.v order by id", "drop table s.v",
        "create table s.copy as select * from s.t", "select count(*) from s.copy", "truncate s.copy, t",
        "select count(*) from s.copy",
        "alter table s.copy add column more int", "alter table s.copy rename to moved", "select more from s.moved",
        "select * from s.copy",
        "alter table s.moved rename column more to less", "select less from s.moved",
        "select relname from pg_class where oid = 's.t'::regclass",
        "select 's.none'::regclass",
        // The catalogue.
        "select nspname, relname, relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 's' and relkind in ('r', 'v') order by relname",
        "select table_schema, table_name from information_schema.tables where table_schema in ('s', 'Other One', 'public') order by 1, 2",
        "select schema_name from information_schema.schemata where schema_name in ('s', 'Other One') order by 1",
        "select schemaname, tablename, indexname from pg_indexes where schemaname = 's' order by 3",
        // Transactions.
        "begin; create schema gone; create table gone.t (a int); rollback", "select * from gone.t",
        "create schema gone", "select * from gone.t",
        "drop schema s", "drop schema gone", "drop schema gone", "drop schema if exists gone", "drop table s.moved, t",
        "begin; drop schema s cascade; rollback", "select count(*) from s.t", "drop schema s cascade",
        "select * from s.t",
        "create schema s", "select * from s.t", "create table s.t (other int)", "select * from s.t", "drop table s.t",
        "drop schema s, \"Other One\" cascade",
    ]

    @Test("rows and SQLSTATEs are those of a real server")
    func differential() async throws {
        try await ComparedPostgres.compare(Self.statements)
    }
}
