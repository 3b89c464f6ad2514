// What DROP and TRUNCATE do to tables that refer to others, over the embedded database, against a real server.

import Testing

@Suite("References over the embedded database")
struct TranslatedPostgresReferenceTests {
    private static let statements = [
        "create table pa (id int primary key)",
        "create table ch (id int primary key, p int references pa on delete cascade)",
        "create table gc (c int constraint own references ch (id) on delete set null, me int)",
        "insert into pa values (1), (2)", "insert into ch values (1, 1), (2, 2)", "insert into gc values (1, 1)",
        // Nothing is lost where something still refers to it.
        "drop table pa", "drop table pa, gc", "drop table if exists pa", "truncate pa", "truncate pa, gc",
        "truncate table only pa restrict",
        "select count(*) from ch", "select * from gc",
        "truncate pa, ch, gc", "select count(*) from pa, ch", "insert into pa values (1), (2)",
        "insert into ch values (1, 1)", "insert into gc values (1, 1)",
        "truncate pa cascade", "select (select count(*) from pa), (select count(*) from ch), (select count(*) from gc)",
        "insert into pa values (1)", "insert into ch values (1, 1)", "insert into gc values (1, 1)",
        "truncate gc", "select count(*) from ch", "begin; drop table pa, ch, gc; rollback", "select count(*) from ch",
        "drop table pa, ch, gc", "select * from pa",
        // A table that refers to itself is no other one.
        "create table me (id int primary key, up int references me)", "insert into me values (1, null), (2, 1)",
        "truncate me", "insert into me values (1, null), (2, 1)", "drop table me",
        // Numbers begin anew in what CASCADE adds too.
        "create table pa (id serial primary key)", "create table ch (id serial primary key, p int references pa)",
        "insert into pa default values", "insert into ch (p) values (1)", "truncate pa restart identity cascade",
        "insert into pa default values returning id", "insert into ch (p) values (1) returning id",
        "drop table ch", "drop table pa",
        // Schemas.
        "create schema sa", "create schema sb", "create table sa.t (id int primary key)",
        "create table sa.u (id int references sa.t on delete cascade)",
        "create table sb.v (id int references sa.t on delete cascade)",
        "insert into sa.t values (1)", "insert into sb.v values (1)", "drop table sa.t, sa.u", "select * from sb.v",
        "drop schema sa, sb cascade", "select * from sa.t",
        // A temporary table of the same name is another one.
        "create table pa (id int primary key)", "create table ch (p int references pa on delete cascade)",
        "insert into pa values (1)", "insert into ch values (1)", "create temp table pa (id int primary key)",
        "truncate pa", "drop table pa", "select * from ch", "drop table pa", "drop table ch, pa",
        // What is referred to is there.
        "create table k (a int references nosuch (id))", "create table k (a int references nosuch.t)",
        "select * from k",
        "create table k (a int, foreign key (a) references nosuch (id))", "create table k (a int)",
        "create table if not exists k (a int references nosuch (id))", "alter table k add b int references nosuch (id)",
        "create view kv as select a from k", "create table l (a int references kv (a))",
        "create temp table l (a int references k (a))", "drop view kv", "drop table k",
    ]

    private static let refused = [
        "create table pa (id int primary key); create table ch (p int references pa on delete cascade); insert into pa values (1); insert into ch values (1)",
        "drop table pa cascade", "create schema sa", "create table sa.t (id int primary key)",
        "create table kid (id int references sa.t on delete cascade)", "drop schema sa cascade",
    ]

    @Test("rows and SQLSTATEs are those of a real server, and no row of another table is lost")
    func differential() async throws { try await ComparedPostgres.compare(Self.statements) }

    @Test("CASCADE is refused where a foreign key of another table would have to go")
    func cascade() async throws {
        let (_, answers) = try await ComparedPostgres.answers(to: Self.refused + ["select * from ch"])
        #expect(answers.enumerated().filter { $0.element == "ERROR:  0A000\n" }.map(\.offset) == [1, 5])
        #expect(answers.last == "p\n1\n(1 row)\n")
    }
}
