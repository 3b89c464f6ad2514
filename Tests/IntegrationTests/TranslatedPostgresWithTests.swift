// WITH whose queries change data over the embedded database, against a real server.

import Testing

@Suite("Changes in WITH over the embedded database")
struct TranslatedPostgresWithTests {
    private static let statements = [
        "create table jobs (id int primary key, what text, n numeric, p numeric(8,2))",
        "create table done (id int primary key, what text, at int)",
        "create table parent (id int primary key)",
        "create table child (id int primary key, p int references parent (id) on delete cascade)",
        "with new as (insert into jobs values (1, 'a', 1.50, 2), (2, 'b', 2.00, 3.5), (3, 'c', null, null) returning id, what) select count(*), max(what) from new",
        "with new as (insert into jobs values (4, 'd', 1.10, 1) returning *) select * from new",
        "with gone as (delete from jobs where id = 1 returning *) insert into done select id, what, 7 from gone returning *",
        "with changed as (update jobs set n = n * 2 where id < 4 returning id, n, p * 2 as twice, n / 3 as third) select * from changed order by id",
        "with ids as (select id from jobs where what > 'b'), gone as (delete from jobs where id in (select id from ids) returning id) select id + 1 as next from gone order by 1",
        "select * from jobs order by id",
        "with a as (insert into parent values (1), (2) returning id), b as (insert into child select id * 10, id from a returning *) select a.id, b.id, b.p from a join b on b.p = a.id order by 1",
        "with a as (insert into done values (9, 'x', 1)) select 5 as five",
        "with a (x, y) as (insert into done values (10, 'x', 1) returning id, what) select y, x from a",
        "with a as (insert into done values (10, 'x', 1) returning id) select * from a",
        "select count(*) from done where id > 8",
        "with a as (insert into done values (11, 'x', 1) returning id) select 1 / (id - 11) from a",
        "select count(*) from done where id = 11",
        "with a as (delete from done) select * from a",
        "with a as (insert into done values (12, 'k', 1) on conflict (id) do nothing returning id) select count(*) from a",
        "with a as (insert into done values (12, 'k', 1) on conflict (id) do nothing returning id) select count(*) from a",
        "with a as (insert into done values (12, 'k', 2) on conflict (id) do update set at = excluded.at returning id, at) select * from a",
        "begin; with a as (insert into done values (13, 'k', 2) returning id) select * from a; rollback",
        "select count(*) from done where id = 13",
        "begin; with a as (insert into done values (13, 'k', 2) returning id) select * from a; commit",
        "begin read only; with a as (insert into done values (14, 'k', 2) returning id) select * from a; commit",
        "with a as (update done set at = 3 where id = 13 returning at) update jobs set what = 'new' where id = 2 and exists (select 1 from a) returning what",
        "with a as (select 20 as id, 'q' as what), b as (insert into done select id, what, 1 from a returning id) select a.what, b.id from a join b on a.id = b.id",
        "prepare w (int, text) as with a as (insert into done values ($1, $2, 0) returning id, what) select id, what, $2 || '!' as s from a",
        "execute w (30, 'x')",
        "execute w (31, 'y')",
        "execute w (31, 'z')",
        "with a as (insert into done values (40, 'x', 1) returning id) values (1), (2)",
        "with a as (insert into nothing values (1) returning id) select * from a",
        "with a as (insert into done (nope) values (1) returning id) select * from a",
        "with a as (insert into done values ('x') returning id) select * from a",
        "with gone as (delete from jobs where id = (select id from jobs order by id limit 1 for update skip locked) returning id) insert into done select id + 100, 'skip', 1 from gone",
        "select id, what from done order by id",
    ]

    /// Where one part would see what another one has changed, or what is evaluated twice gives something else.
    private static let refused = [
        "with a as (insert into done values (50, 'x', 1) returning id) select count(*) from done",
        "with a as (update done set at = 1 returning id), b as (delete from done returning id) select * from a, b",
        "with a as (delete from parent returning id) select * from child",
        "with r as (select random() as x), a as (insert into done select 60, 'x', 1 from r returning id) select * from a, r",
        "with a as (insert into done values (61, 'x', 1), (62, 'y', 2) on conflict (id) do update set at = 2 returning id) select * from a",
        "select * from (with a as (insert into done values (70, 'x', 1) returning id) select * from a) q",
    ]

    @Test("rows, tags and SQLSTATEs are those of a real server, or the statement is refused by name")
    func differential() async throws {
        try await ComparedPostgres.compare(Self.statements, refused: Self.refused)
    }
}
