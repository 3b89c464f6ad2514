// Which tables the shadow of a PostgreSQL listener takes to differ, and how they are made good.

import TestSupport
import Testing

@Suite("the tables of a PostgreSQL listener with a shadow", .serialized, .blocking)
struct PostgresTableShadowTests {
    private static let tables = """
        create table parent (id int primary key, s text);
        create table child (id serial primary key, parent int references parent on delete cascade);
        create table other (id int primary key, n int); create table log (n int);
        create function note() returns trigger language plpgsql as 'begin insert into log values (1); return new; end';
        create trigger tell after update on other for each row execute function note();
        create view seen as select s from parent;
        create table parted (id int, n int) partition by list (id); create table part1 partition of parted for values in (1);
        insert into parent values (1, 'a'), (2, 'b'); insert into child (parent) values (1), (2); insert into other values (1, 1);
        insert into parted values (1, 1)
        """

    @Test("only what a statement can have changed is doubtful, by the tables that it names and those they lead to")
    func touched() throws {
        let server = try PostgresServer()
        try server.sqlBlocking(Self.tables)
        let reads = [
            "parent": "select s from parent", "seen": "select s from seen", "child": "select id from child",
            "other": "select n from other", "log": "select n from log", "parted": "select n from parted",
            "part1": "select n from part1", "join": "select 1 from other o, parted p where o.n = p.n",
        ]
        let cases: [(statement: String, stale: Set<String>)] = [
            ("insert into child (parent) values (1)", ["child"]),
            ("insert into log select n from other", ["log"]),
            ("update parent set s = 'c' where id = 1", ["parent", "seen", "child"]),
            ("update other set n = 2", ["other", "log", "join"]),
            ("update part1 set n = 2", ["parted", "part1", "join"]),
            ("create temp table mine (n int); insert into mine values (1)", Set(reads.keys)),
            ("do 'begin end'", Set(reads.keys)),
        ]
        for entry in cases {
            let gateway = try ShadowedPostgres.gateway(server, server)
            let client = try ShadowedPostgres.connect(gateway)
            // The first asks; by then it is known which tables there are.
            try ShadowedPostgres.ask(client, "select 1 from log")
            try gateway.settles("tables told apart") { $0.sum("fairlead_shadow_tables") == 5 }
            try ShadowedPostgres.ask(client, "begin")
            try ShadowedPostgres.ask(client, entry.statement)
            try ShadowedPostgres.ask(client, "rollback")
            let reader = try ShadowedPostgres.connect(gateway)
            var stale: Set<String> = []
            for (name, sql) in reads {
                let before = try ShadowedPostgres.report(gateway).dropped["stale"] ?? 0
                try ShadowedPostgres.ask(reader, sql)
                if try ShadowedPostgres.report(gateway).dropped["stale"] ?? 0 > before { stale.insert(name) }
            }
            #expect(stale == entry.stale, "\(entry.statement)")
            #expect(try ShadowedPostgres.report(gateway).causes == [])
        }
    }

    @Test("writes at one time are done in the order of their ends, and their tables are copied when it is quiet")
    func overlapping() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let (one, two) = (try ShadowedPostgres.connect(gateway), try ShadowedPostgres.connect(gateway))
        try ShadowedPostgres.ask(one, "select 1 from log")
        try gateway.settles("tables told apart") { $0.sum("fairlead_shadow_tables") == 5 }
        for (client, sql) in [
            (one, "begin"), (two, "begin"), (one, "insert into child (parent) values (1) returning id"),
            (two, "insert into child (parent) values (2) returning id"), (two, "commit"), (one, "commit"),
        ] { try ShadowedPostgres.ask(client, sql) }
        // The numbers were given out in another order than that of the ends: no alarm.
        try ShadowedPostgres.compares(gateway, one, "select id, parent from child order by id")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        let read = "select * from child order by id"
        #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read))
    }
}
