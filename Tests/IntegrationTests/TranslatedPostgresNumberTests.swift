// Decimal numbers over the embedded database, against a real server: as many digits as PostgreSQL shows, and exact ones.

import Testing

@Suite("Decimal numbers over the embedded database")
struct TranslatedPostgresNumberTests {
    private static let tables = [
        "create table n (id int primary key, a int, b bigint, p numeric(10,2), q numeric(12,4), r numeric, f float8)",
        "insert into n values (1, 7, 9007199254740993, 1.50, 0.1250, 0.1, 2.5), (2, 2, 3, 10, 3, 0.2, 3.5), (3, 0, 9223372036854775806, -2.25, 0.0001, 7, -0.5)",
        "create table v (id int, i int, b bigint, n numeric, m numeric(8,2), f float8, r real)",
        "insert into v values (1, 2, 20, 1.5, 2.25, 0.1, 1.5), (2, 4, 40, 2.50, 3.75, 0.7, 2.5), (3, 4, 41, 3, 9.99, 1e3, 3.5), (4, 5, 4500000, 4.125, 0.01, -5.5, 4.5), (5, null, null, null, null, null, null)",
        "create view nv as select id, p * 2 as twice, p / 3 as third, avg(a) over () as mean from n",
    ]

    private static let statements = [
        "select 1.5 * 2, 1.10 + 1, 0.1 + 0.2, 1.50 - 0.5, 2.50 * 2.50, -1.10, - (1.10), 1.0, 1.50",
        "select 0.1 + 0.2 = 0.3, 1.10 = 1.1, 0.1 * 3 > 0.3",
        "select 1.0 / 3, 10 / 4.0, 1 / 3.0, 2.0 / 3, 100.0 / 7, 0.001 / 3, 1e10 / 3.0",
        "select 7.5 % 2, -7.5 % 2, 7 % 2.5, mod(7.5, 2), mod(7, 3)", "select 1.0 / 0", "select 1 % 0.0",
        "select 5.0 / 2 * 2, (1.0 / 3) * 3, 1.0 / 3 + 1, 1 - 1.0 / 3, -(1.0 / 3)",
        "select p, p * 2, p + q, p * q, p - 1, -p, p + a, p * 1.5 from n order by id",
        "select p / 3, p / q, a / p, q / 7 from n where id = 2",
        "select a / 2.0, a / 2, a * 1.0 / 2 from n order by id",
        "select sum(p), sum(q), sum(a), sum(p * a) from n", "select sum(b) from n where id < 3",
        "select avg(a), avg(p), avg(q), avg(b), avg(f) from n where id < 3",
        "select avg(a), sum(p) from n where id > 9",
        "select avg(a) from n group by id order by id", "select avg(distinct a) from n",
        "select avg(p) over (order by id), sum(p) over (order by id rows between 1 preceding and current row) from n order by id",
        "select avg(a) > 2.5, avg(a) + 1, avg(a) * 2, avg(p) / 2 from n",
        "select round(avg(a), 2), round(1.0 / 3, 4), round(2.5), round(-2.5), round(1.005, 2), round(p, 1), trunc(1.999, 2), trunc(-1.5) from n group by p order by p",
        "select round(2.5::float8), round(3.5::float8), round(f), trunc(f) from n order by id",
        "select round(5), ceil(1.2), floor(-1.2), abs(-1.50), sign(-2.5)", "select round(12345, -2)",
        "select round(1234.5, -2)",
        "select min(p), max(p), max(q), min(r) from n",
        "select coalesce(p, 0), coalesce(p, 1.5), coalesce(null, 2.50) from n order by id",
        "select case when id = 1 then 1.50 else 2 end from n order by id",
        "select case when id = 1 then p else q end from n order by id",
        "select greatest(p, 2.00), least(p, 1.50) from n order by id",
        "select 1.50::numeric(10,3), 1.555::numeric(10,2), '1.10'::numeric, 3::numeric, 2::numeric(5,2)",
        "select '1.10'::numeric + 1, 1.5::float8 * 2, 1.5 * 2::float8",
        "select p::text, (p * 2)::text, (1.0 / 3)::text, avg(a)::text from n group by p order by p",
        "select 'x' || 1.50, p || 'y', 'z' || p * 2 from n order by id", "select concat(1.50, p) from n order by id",
        "select r + r, r * 3, r + 0.2 from n where id < 3 order by id",
        "select r = 0.1, r + 0.2 = 0.3 from n where id = 1", "select sum(r) from n where id < 3",
        "select twice, third, mean from nv order by id", "select twice + 1, mean > 2, third * 1 from nv order by id",
        "select * from nv order by third", "select id from nv where mean > 2.5 order by third desc",
        "select m from (select avg(a) as m from n) q", "select m + 1, m > 2 from (select avg(a) as m from n) q",
        "with q as (select id, p / 3 as t from n) select t from q order by t",
        "with q as (select id, p / 3 as t from n) select id from q order by t desc",
        "select (select avg(a) from n), (select p / 3 from n where id = 1)",
        "select p / 3 as t from n order by t", "select p / 3 from n order by 1 desc", "select id from n order by p / 3",
        "select avg(a) as m from n group by id order by m", "select p from n where p / 3 > 0.5",
        "select id from n where p in (1.5, 10)", "select id from n where p = '1.50'",
        "select id from n where p between 1.5 and '10.00' order by 1",
        "select p from n union all select q from n where id = 1 order by 1",
        "select 1.50 union all select 2.5 order by 1", "select p from n union select 10.00 order by 1",
        "select avg(a) from n union all select 1.5",
        "values (1.50), (2)", "select x from (values (1.50), (2.5)) v (x)", "select array[1.5, 2]",
        "select sum(x) from (values (1.50), (2.5)) v (x)",
        "insert into n (id, p) values (9, 1.555) returning p, p * 2",
        "insert into n (id, p) values (9, 1.0 / 3) returning p",
        "update n set p = p / 3 where id = 1 returning p, p / 2", "update n set p = p * 1.1 where id = 1 returning p",
        "insert into n (id, a) values (9, 2.5), (10, 3.5), (11, -2.5) returning a",
        "select a::numeric / 2, a / 2::numeric from n where id = 1",
        "select f / 2, a / f, coalesce(f, 1) / 2, (case when id = 1 then 1 else f end) / 2 from n order by id",
        "select 1::float8 / 2, sqrt(2), sqrt(2::float8), power(2, 10)", "select 5 % 2.0::float8",
        "select p, count(*) from n group by p order by p", "select p * 2, count(*) from n group by p * 2 order by 1",
        "select distinct p * 2 from n order by 1", "select count(*) from n having avg(a) > 2",
        "select percent_rank() over (order by p) from n order by 1",
        "select $1 * p from n", "select p from n where p > $1", "select avg($1 + a) from n",
        "select 1e3, 1.5e1, 1e-3, 1.50e-1", "select 123456789.123456 + 1",
        "select 2.5::int, 3.5::int, -2.5::int, 2.5::float8::int, 3.5::float8::int",
        "select distinct p / 3 from n order by 1", "select p from n union all select q from n order by 1",
        "select stddev(i), variance(i), stddev_pop(i), var_pop(i), stddev_samp(i), var_samp(i) from v",
        "select stddev(b), variance(b), stddev_pop(b), var_pop(b) from v",
        "select stddev(n), variance(n), stddev_pop(n), var_pop(n) from v",
        "select stddev(m), variance(m), stddev_pop(m), var_pop(m) from v",
        "select stddev(f), variance(f), stddev_pop(f), var_pop(f) from v",
        "select stddev(r), variance(r), stddev_pop(r), var_pop(r) from v",
        "select stddev(i), var_pop(i), stddev_pop(f), variance(f), stddev_pop(n) from v where id = 1",
        "select stddev(i), var_pop(i), stddev_pop(f) from v where id > 4",
        "select stddev(1.0), variance(1.0) from v where id = 1",
        "select stddev(i) filter (where id < 3), variance(i * 2) from v",
        "select round(stddev(i), 2), stddev(m) > 3, variance(distinct i) from v",
        "select id % 2, stddev(m) from v group by 1 order by 1",
        "select stddev(7), variance(1.10), stddev_pop(2.50) from v where id < 4",
        "select stddev('a')",
        "select stddev(true)",
    ]

    /// What takes more digits than are kept exactly is refused, and never rounded.
    private static let refused = [
        "select 123456789.123456 * 123456.123456", "select 99999999.99 * 99999999.99",
        "select b + 0.5 from n where id = 1", "select sqrt(2.0)", "select ln(p) from n where id = 1",
        "select sum(b) from n", "select greatest(p, 2) from n", "select stddev(a) over () from n",
    ]

    @Test("digits, types and comparisons are those of a real server")
    func differential() async throws {
        try await DescribedStatements(tables: Self.tables, statements: Self.statements).compare()
    }

    @Test("what is not kept exactly is refused by name")
    func refusals() async throws {
        let script = "\\set VERBOSITY verbose\n" + (Self.tables + Self.refused).map { "\($0);\n" }.joined()
        let text = try await TranslatedPostgres.run { try await $0.psql(script) }.errorText
        let refusals = text.split(separator: "\n").filter { $0.contains("ERROR") }
        #expect(refusals.count == Self.refused.count, "\(text)")
        for refusal in refusals {
            #expect(refusal.contains("0A000") && refusal.contains("UNSUPPORTED sql.query"), "\(refusal)")
        }
    }
}
