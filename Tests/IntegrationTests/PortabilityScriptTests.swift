// Whatever SQL is said to be safe on the embedded store runs there, and what it refuses by name is said to be blocked.

import Conformance
import Foundation
import Gateway
import Portability
import TestSupport
import Testing
import Usage

@Suite("SQL that is judged safe", .serialized)
struct PortabilityScriptTests {
    /// What is judged of one script, which is one statement to a line.
    private static func assessment(_ script: String, _ report: Report, _ suites: SuiteFeatures) throws -> Assessment {
        var bytes: [UInt8] = []
        for line in script.split(separator: "\n") {
            let text = Array(line.utf8) + [0]
            bytes.append(UInt8(ascii: "Q"))
            withUnsafeBytes(of: UInt32(text.count + 4).bigEndian) { bytes += $0 }
            bytes += text
        }
        let features = try UsageReading().features(of: bytes, on: "postgres")
        let application = Application(
            protocol: "postgres", listener: "sql", identity: [:],
            features: Dictionary(uniqueKeysWithValues: features.map { ($0, Feature(count: 1, first: 1, last: 1)) }))
        return Assessment(application, on: report, suites)
    }

    private static let report = Result {
        try ReportFile.read("\(Tools.repository)/conformance/reports/embedded.json")
    }

    private static let suites = Result {
        try SuiteFeatures(
            try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all),
            of: [try report.get()])
    }

    /// The scripts of ``scripts`` with names of their own.
    private static var all: [String] {
        scripts.split(separator: "\n").enumerated().map { index, line in
            line.replacing("{k}", with: "\(index)").replacing("; ", with: ";\n") + ";"
        }
    }

    @Test("runs on the embedded store")
    func safe() async throws {
        let (report, suites) = (try Self.report.get(), try Self.suites.get())
        var safe: [String] = []
        for script in Self.all where try Self.assessment(script, report, suites).verdict == .safe {
            safe.append(script)
        }
        #expect(safe.count >= 10, "\(safe)")
        let scripts = safe
        try await TranslatedPostgres.run { place in
            for script in scripts {
                let said = try await place.psql(script, ["-v", "ON_ERROR_STOP=1"])
                #expect(said.status == 0, "\(script): \(said.errorText)")
            }
        }
    }

    @Test("is none of what no case has played")
    func unproven() throws {
        let (report, suites) = (try Self.report.get(), try Self.suites.get())
        for line in Self.untried.split(separator: "\n") {
            let one = try Self.assessment("\(line);", report, suites)
            #expect(
                one.verdict == .limited && one.findings.map(\.subject) == ["SQL dialect"], "\(line): \(one.findings)")
        }
    }

    @Test("is none of what translators refuse by name")
    func blocked() throws {
        let (report, suites) = (try Self.report.get(), try Self.suites.get())
        for line in Self.refused.split(separator: "\n") {
            let one = try Self.assessment("\(line);", report, suites)
            #expect(one.verdict == .blocked, "\(line): \(one.findings)")
        }
    }

    /// Each of these was said to be safe once, and was refused.
    private static let untried = """
        create table a (n int[])
        create table a (like t)
        select 1 into a
        drop table a cascade
        alter table a alter column n type bigint
        alter table a alter column n set not null
        alter table a alter column n set default 5
        alter table a add constraint c check (n > 0)
        select now() - interval '1 day'
        select now() at time zone 'Europe/Berlin'
        select 12345678901234567890.123456789 * 2
        select distinct on (a) a, b from t order by a, b
        delete from a using b where a.n = b.n
        select row(1, 2)
        select int4range(1, 5)
        select point '(1,2)'
        select * from jsonb_to_recordset('[{"a":1}]') as x(a int)
        """

    private static let refused = """
        set time zone 'Europe/Berlin'
        copy a to stdout with (format binary)
        copy a from '/tmp/a'
        create role r
        create or replace function f() returns int language sql as 'select 1'
        create procedure p() language sql as 'select 1'
        do $$ begin perform 1; end $$
        grant select on a to public
        comment on table a is 'x'
        create type e as enum ('a', 'b')
        create domain d as int check (value > 0)
        create extension if not exists pgcrypto
        create materialized view v as select 1 as n
        create trigger t before insert on a for each row execute function x()
        prepare transaction 'x'
        """

    /// One script to a line, with `{k}` for its number.
    ///
    /// PostgreSQL 15 runs all of them.
    private static let scripts = """
        create table a{k} (n int, b text, c bigint, d timestamptz)
        create table a{k} (n int primary key); insert into a{k} values (1), (2); select n from a{k} order by n desc limit 1
        create table a{k} (n int not null); update a{k} set n = n + 1 where n > 1 and n in (1, 2); delete from a{k} where n is null
        create table a{k} (n int, b text); select b, count(*), sum(n), min(n), max(n) from a{k} group by b having count(*) > 1
        create table a{k} (n int); select x.n from a{k} x join a{k} y on y.n = x.n
        create table a{k} (id bigserial primary key, n int check (n > 0)); insert into a{k} (n) values (1) returning id
        select 1 where 1 = 1 or 2 <> 3 and not 4 >= 5
        begin; select 1; commit
        begin; savepoint a; rollback to a; commit
        begin isolation level serializable; select 1; commit
        begin read only; select 1; commit
        begin; declare c cursor for select 1; fetch 1 from c; close c; commit
        begin; declare c cursor with hold for select 1; commit; fetch c; close c
        prepare p{k} as select $1::int; execute p{k}(1); deallocate p{k}
        create table a{k} (n int); copy a{k} to stdout
        create table a{k} (n int); copy a{k} to stdout with (format csv, header)
        create table a{k} (n int); copy a{k} to stdout with (format binary)
        copy (select 1) to stdout
        set statement_timeout = 1000
        set search_path to public
        set time zone 'UTC'
        set time zone 'Europe/Berlin'
        set timezone to 'Europe/Berlin'
        show server_version; show all
        reset all
        discard all
        create table a{k} (n int[])
        create table a{k} (n interval)
        create table a{k} (n int); alter table a{k} alter column n type bigint
        create table a{k} (n int); alter table a{k} add constraint c{k} check (n > 0)
        create table a{k} (n int primary key); create table b{k} (n int references a{k}); drop table a{k} cascade
        select now() at time zone 'Europe/Berlin'
        select 12345678901234567890.123456789 * 2
        select array[1,2,3]
        select 'a' similar to 'a|b'
        select l.x from (values (1)) t(a), lateral (select t.a + 1 as x) l
        create table a{k} (n numeric(20,10)); insert into a{k} values (1.5); select * from a{k}
        create view v{k} as select 1 as n; select * from v{k}
        create materialized view v{k} as select 1 as n
        create table a{k} (n int) partition by range (n)
        create type e{k} as enum ('a','b'); select 'a'::e{k}
        create domain d{k} as int check (value > 0)
        create role r{k}
        create table a{k} (n int); truncate a{k}
        select 1 as a union all select 2 order by 1
        select age(timestamp '2024-01-02', timestamp '2023-01-01')
        select now() - interval '1 day'
        select date '2024-01-02' + 1
        select '{"a":{"b":1}}'::jsonb #>> '{a,b}'
        select * from jsonb_to_recordset('[{"a":1}]') as x(a int)
        select point '(1,2)'
        select int4range(1,5)
        select ascii('x'), to_hex(255)
        select relname from pg_class limit 1
        create table a{k} (n int); update a{k} set n = b.n from (values (1)) b(n) returning a{k}.n
        create table a{k} (n int); delete from a{k} using (values (1)) b(n) where a{k}.n = b.n
        create table a{k} (like pg_class)
        create table a{k} as select 1 as n; select * from a{k}
        select 1 into a{k}
        create schema s{k}; create table s{k}.t (n int); select * from s{k}.t
        create table a{k} (n int); select * from a{k} for no key update
        select distinct on (a) a, b from (values (1,2),(1,3)) t(a,b) order by a, b
        select a from (values (1),(2)) t(a) fetch first 1 row only
        select (1,2) = (1,2), row(1,2)
        select 1 where 1 = any (array[1,2])
        select overlay('abcdef' placing 'x' from 2 for 1)
        select 'a' || 1.5
        select 2 ^ 3, 5 & 1, 1 << 2
        select 1 between symmetric 2 and 0
        select x.* from (select 1 as n) as x natural join (select 1 as n) as y
        create table a{k} (n int default 1); insert into a{k} default values
        create table a{k} (n int, m int default 5); insert into a{k} values (1, default)
        create table a{k} (n int); alter table a{k} add column m text default 'x'; select m from a{k}
        create table a{k} (n int); alter table a{k} rename column n to m; select m from a{k}
        create table a{k} (n int); alter table a{k} alter column n set not null
        create table a{k} (n int); alter table a{k} alter column n set default 5
        """
}
