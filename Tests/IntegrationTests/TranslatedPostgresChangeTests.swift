// INSERT, UPDATE and DELETE as they are written over the embedded database, against a real server.

import Testing

@Suite("Changes over the embedded database")
struct TranslatedPostgresChangeTests {
    private static let statements = [
        "create table dp (a int primary key, b int)", "insert into dp (a, a) values (1, 2)",
        "insert into dp (a, b, a) select 1, 2, 3", "insert into dp (a, nosuch, a) values (1, 2, 3)",
        "select * from dp", "insert into dp values (1, 1), (2, 2)",
        "update dp set b = 1, b = 2", "update dp set (b, a) = (1, 2), b = 3", "update dp set b = 1, b = nosuch",
        "insert into dp values (1, 1) on conflict (a) do update set b = 1, b = 2",
        "select * from dp order by a",
        "update dp d set b = d.b + 10 where d.a = 1", "update dp d set b = 5 where a = 2 returning d.a, d.b",
        "update dp q set b = 7 where dp.a = 2",
        "select * from dp order by a", "with one as (select 1 as n) delete from dp d where d.a in (select n from one)",
        "delete from dp d where d.a = 2 returning d.b", "delete from dp", "create schema s",
        "create table s.t (a int)", "insert into s.t values (1)", "update s.t u set a = 2 where u.a = 1 returning u.a",
        "delete from s.t u where u.a = 2", "drop schema s cascade", "drop table dp",
        "select split_part('a,b,,c', ',', 1), split_part('a,b,,c', ',', 3), split_part('a,b,,c', ',', 4), split_part('a,b,,c', ',', 5), split_part('a,b,,c', ',', -1), split_part('a,b,,c', ',', -4), split_part('a,b,,c', ',', -5)",
        "select split_part('aaaa', 'aa', 1), split_part('xaabaabx', 'aabx', 1), split_part('xaabaabx', 'aab', 3), split_part('é-é', '-', 2), split_part('abc', '', 1), split_part('abc', '', -1), split_part('abc', '', 2)",
        "select split_part('a', ',', 0)",
        "select length(split_part(repeat('a,', 100000), ',', 99999)), length(split_part(repeat('a', 100000), repeat('a', 50000) || 'b', 1))",
    ]

    @Test("rows and SQLSTATEs are those of a real server")
    func differential() async throws { try await ComparedPostgres.compare(Self.statements) }
}
