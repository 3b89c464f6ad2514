// Floating-point numbers over the embedded database, against a real server: what leaves their range fails.

import Testing

@Suite("Floating-point numbers over the embedded database")
struct TranslatedPostgresFloatTests {
    private static let tables = [
        "create table f (id int primary key, a float8, b float8, r real, i int)",
        "insert into f values (1, 1e308, 10, 1.1, 3), (2, 1e-200, 1e-200, 16777216, 7), (3, 2, 0.5, -2.5, 0), (4, null, 1, null, null)",
        "create view fv as select id, a * b - 1 as c, r * r as q from f where id > 2",
    ]

    private static let arithmetic = [
        "select 1e308::float8 * 10", "select -1e308::float8 * 10", "select 1e308::float8 + 1e308::float8",
        "select -1e308::float8 - 1e308::float8", "select 1e-200::float8 * 1e-200::float8",
        "select 1e-200::float8 / 1e200::float8", "select 1e200::float8 / 1e-200::float8",
        "select 1::float8 / 0", "select 0::float8 / 0", "select null::float8 / 0", "select 1.5::float8 / 0.5",
        "select 'Infinity'::float8 * 2, 2 / 'Infinity'::float8, 'infinity'::float8 + 1, -'inf'::float8 - 1",
        "select a * b from f where id = 1", "select a * b from f where id = 2",
        "select a * b from f where id > 2 order by id",
        "select a + b * a - b / a, (a + b) * (a - b), a * b / a + 1 - b from f where id = 3",
        "select 2 - a - 1, 2 / a / 4, a - (2 - a), i * 2 + a, i + i * b from f where id = 3",
        "select i / 2 * b, i / 2.0 * b, b * i / 2 from f where id < 4 order by id",
        "select r * r, r + r, r - 0.1::real, r / 3::real, r * 2, r * 2.5, r + a from f where id = 3",
        "select r * r, r + 1::real from f where id = 1", "select r + 1::real, r + 1 from f where id = 2",
        "select 3e38::real * 10::real", "select 3e38::real * 10", "select 1e-30::real * 1e-30::real",
        "select 1::real / 0::real", "select id from f where a * 10 > 1 order by id",
        "select id from f where id > 2 and a * b > 0", "update f set a = a * 100 where id = 1",
        "update f set a = a + 1, b = a * b + b where id = 3 returning a, b",
        "select a + 1 = 4, a * b between 1 and 2, case when a * b > 1 then a * b else 0 end from f where id = 3",
        "select c, q, c * 2 - q * 2 from fv order by id", "select -a * b, -(a * b), - a - b from f where id = 3",
        "select (a * b)::text || 'x', round(a * b), (a * b)::int from f where id = 3",
        "select a % b from f", "select sum(a * b) from f where id > 2",
        "select max(a - b), min(b - a) from f where id > 2",
        "select id, a * b as p from f where id > 2 group by id, a * b order by p, id",
        "select distinct a * b from f where id > 2 order by 1",
        "select " + Array(repeating: "b", count: 400).joined(separator: " + ") + " from f where id = 3",
        "select " + Array(repeating: "(b", count: 12).joined(separator: " * ") + String(repeating: ")", count: 12)
            + " from f where id = 3",
    ]

    private static let aggregates = [
        "select sum(a) from f where id <> 1", "select sum(x) from (values (1e308::float8), (1e308)) v (x)",
        "select avg(x) from (values (1e308::float8), (1e308)) v (x)",
        "select avg(x) from (values (1e200::float8), (-1e200)) v (x)",
        "select sum(x), avg(x) from (values (1e20::float8), (1), (-1e20)) v (x)",
        "select sum(x), avg(x) from (values (1.1::real), (2.2), (3.3)) v (x)",
        "select sum(x) from (values (3e38::real), (3e38)) v (x)",
        "select avg(x) from (values (3e38::real), (3e38)) v (x)",
        "select sum(a), avg(a), count(a) from f where id > 3", "select sum(r), avg(r) from f",
        "select sum(x), avg(x) from (values ('inf'::float8), (1)) v (x)",
        "select sum(distinct b), avg(distinct b), sum(b) filter (where id > 2) from f",
        "select id, sum(b) over (order by id), avg(b) over (order by id), sum(r) over (order by id) from f order by id",
        "select x, sum(x) over w, avg(x) over w from (values (1, 1e20::float8), (2, 1), (3, -1e20), (4, 2)) v (i, x) window w as (order by i rows between 1 preceding and current row) order by i",
        "select x, sum(x) over w from (values (1, 1.1::real), (2, null), (3, 3.3), (4, 2.2)) v (i, x) window w as (order by i rows between 1 preceding and 1 following) order by i",
        "select sum(x) over (order by x) from (values (1e308::float8), (1.1e308)) v (x)",
        "select sum(sum(b)) over (order by id) from f group by id order by id",
    ]

    private static let functions = [
        "select acos(2)", "select asin(-1.5)", "select acosh(0.5)", "select atanh(2)",
        "select acos(1), asin(1), acosh(1)",
        "select sin('inf'::float8)", "select cos('inf'::float8)", "select tan('-inf'::float8)",
        "select sin(1), cos(1), tan(1), atan(1), atan2(1, 2), sinh(1), cosh(1), tanh(1), asinh(1), atanh(0.5)",
        "select sinh(1000), cosh(1000), atanh(1), atanh(-1)", "select degrees(0.5), radians(90), degrees(pi())",
        "select degrees(1e308)", "select radians(5e-324::float8)", "select exp(1000)", "select exp(-1000)",
        "select exp('-inf'::float8), exp('inf'::float8)", "select power(10::float8, 400)",
        "select power(10::float8, -400)",
        "select power(0::float8, -1)", "select power(-8::float8, 0.5)", "select power(0::float8, 2), power(2, 10)",
        "select sqrt(-1::float8)", "select ln(0::float8)", "select log(-1::float8)",
        "select acos(null), sin(null::float8)",
        "select sin(true)", "select acos('x')", "select sin('0'), pg_typeof(sin(1)), pg_typeof(acos(0.5) * 2)",
        "select acos(0.5) * 1e308 * 1e308::float8",
    ]

    private static let casts = [
        "select '1e400'::float8", "select '-1e400'::float8", "select '1e-400'::float8",
        "select '0e-400'::float8, '0'::float8",
        "select '1e39'::real", "select 1e39::real", "select 1e39::float8::real", "select '1e-50'::real",
        "select 1e-50::real", "select 1e-50::float8::real", "select 1e38::real, 1e-38::real",
        "select '5e-324'::float8, '1.7976931348623157e308'::float8", "select 'x1'::float8",
        "select 16777217::real = 16777217, 16777217::bigint::real, 0.1::real = 0.1, 0.1::real::float8",
        "select cast('1e400' as float8)", "select float8 '1e400'", "select real '1e39'",
        "select float4 '1.5', decimal '2.0', dec '1.50', numeric(5,2) '1.555', char 'ab', name 'n', int2 '3', varchar(2) 'abc', double precision '1.5', timestamp with time zone '2024-01-01 00:00:00+00'",
        "select timestamp '2024-01-01 00:00' at time zone 'UTC'",
        "select coalesce(null::real, 1.1) = 1.1::real, coalesce(null::real, 1.1), greatest(1::real, 1.1) = 1.1::real",
        "select case when true then 1.1 else 1::real end = 1.1::real",
        "select x = 1.1::real from (values (1::real), (1.1)) v (x)",
        "select x = 1.1::real from (select 1.1 as x union all select 1::real) v",
    ]

    private static let decimals = [
        "create table d (f float8, r real, n numeric, m numeric(10, 2))",
        "insert into d values (0.1::float8 + 0.2, 1.1, 0.1::float8 + 0.2, 1.005::float8)",
        "insert into d values ('1234567890.123456789', 0.3, 1.1::real, 2.675::float8)",
        "insert into d (n) select r * r from d where f < 1",
        "select f::numeric, r::numeric, (f * 3)::numeric, (r + r)::numeric, r::float8::numeric from d order by f",
        "select n, m from d order by n", "update d set n = f, m = r where f < 1 returning n, m",
        "select 16777216::real::numeric, 123456.789::real::numeric, 1e15::float8::numeric, 0.1::float8::numeric(5, 3)",
        "select cast(1.1::real as numeric) + 1, 1.1::real::numeric = 1.1",
    ]

    private static let narrow = [
        "create table r (id int, r real)", "insert into r values (1, 0.1), (2, '0.1'), (3, 16777217), (4, 1.5)",
        "insert into r select 5, 0.1", "insert into r select 6, 0.1::float8",
        "insert into r select 7, r from r where id = 1",
        "insert into r values (8, 1e39)", "insert into r values (8, 1e-50)", "insert into r values (8, '1e39')",
        "insert into r select 8, 1e39::float8", "update r set r = 1e39 where id = 1",
        "update r set r = r * 1e38 * 10 where id = 1",
        "select id, r, r = 0.1::real, r = 0.1, r::float8 from r order by id",
        "update r set r = r * 1.1 where id = 2 returning id, r, r::float8",
        "update r set r = r * 1.1 where id = 3 returning r", "update r set r = 1e15 where id = 3 returning r",
        "update r set (r, id) = (0.3, 9) where id = 4 returning r::float8",
        "prepare p as insert into r values ($1, $2) returning r::float8", "execute p(10, 0.7)", "execute p(10, 1e39)",
        "insert into r values (11, 0.1), (12, 2) on conflict do nothing returning r::float8",
        "select count(distinct r), sum(r) from r", "alter table r add column s real default 0.1",
        "alter table r add column t real default 2", "select distinct s::float8, t from r",
        "update r set s = default where id = 1 returning s::float8",
        "create table d (id int, r real default 0.1, s real default -0.1, t real default '0.1', u real default 2, v real default null, w real default 1 + 0.1)",
        "insert into d (id) values (1) returning r::float8, s::float8, t::float8, u, v, w::float8",
        "insert into d values (2, default, default) returning r = 0.1::real, s::float8",
        "create table g (f float8, r real generated always as (f * 3) stored)",
        "insert into g values (0.1) returning r::float8",
        "insert into g values (3e38)", "create table c as select 0.1::real as r", "select r::float8 from c",
        "create temp table tt (r real default 0.1)", "insert into tt default values returning r::float8",
    ]

    @Test("arithmetic that leaves the range fails, and a chain of any length is computed")
    func arithmetic() async throws { try await ComparedPostgres.compare(Self.tables + Self.arithmetic) }

    @Test("sums and means fail beyond the range, and a frame's are those of its own rows")
    func aggregates() async throws { try await ComparedPostgres.compare(Self.tables + Self.aggregates) }

    @Test("functions fail for what they have no value for")
    func functions() async throws { try await ComparedPostgres.compare(Self.functions) }

    @Test("casts and literals of types fail beyond the range")
    func casts() async throws {
        try await ComparedPostgres.compare(
            Self.casts,
            refused: [
                "select 1e400", "select 1e400::float8", "select 'inf'::float8 - 'inf'::float8",
                "select sum(x) from (values ('inf'::float8), ('-inf')) v (x)", "select 1 between symmetric 2 and 0",
                "select inet '1.1.1.1'",
            ])
    }

    @Test("a float that becomes numeric has the digits that it tells for certain")
    func decimals() async throws {
        try await ComparedPostgres.compare(
            Self.decimals,
            refused: ["select r = any (array[1.1::real]) from d", "create unique index on d ((f -> 'a'))"])
    }

    @Test("a column of real keeps numbers of real, however they come there")
    func narrow() async throws { try await ComparedPostgres.compare(Self.narrow) }
}
