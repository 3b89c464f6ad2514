// Values that become parts of texts, texts by their characters, and the bits of whole numbers, against a real server.

import Testing

@Suite("Texts over the embedded database")
struct TranslatedPostgresTextTests {
    private static let joined = [
        "create table f (id int primary key, d float8, r real, n numeric, b boolean, y bytea, t text, c char(4), v varchar(3))",
        "insert into f values (1, 100, 0.1, 1.50, true, '\\x01ff', 'x', 'ab', 'abc'), (2, 1e20, 1e10, 2, false, null, null, null, null), (3, 1.0/3, 1.0/3, -0.10, null, '', '', '', ''), (4, 0.1, 16777216, 0, true, 'a', 'é', 'é', 'é')",
        "select 'v=' || d, d || '', 'v=' || r, r || '=v' from f order by id",
        "select 'v=' || d * 2, 'v=' || -d, 'v=' || (d + 0.5), 'v=' || d / 3 || '!' || r from f order by id",
        "select 'v=' || 1e20::float8, 'v=' || 100::float8, 1.5::real || '', 'v=' || cast(3 as float8), 'v=' || 0.1::real",
        "select 'a' || n, n || 'b', 'a' || n * 2, 'a' || abs(n) from f order by id",
        "select 'x' || b, b || 'x', t || b from f order by id", "select t || y, y || t from f order by id",
        "select '\\x01'::bytea || '\\x02', y || '\\xff'::bytea from f order by id", "select y || 1 from f",
        "select 'x'::text || '{\"a\":1}'::jsonb, '{\"a\": 1}'::json || 'x'::text",
        "select t || id, id || t, 'a' || 1 || 2, 1 || 'a' from f order by id", "select d || r from f", "select 1 || 2",
        "select d::text, r::text, n::text, b::text, y::text from f order by id",
        "select cast(d as varchar), r::varchar(4), d::char(3) from f order by id",
        "select array[d, 1], array[r], array[b] from f order by id",
        "select array_agg(d order by id), array_agg(r order by id), array_agg(b order by id) from f",
        "select string_agg(d::text, ',' order by id), string_agg('' || r, ',' order by id) from f",
        "select array_agg(distinct d) from f",
        "select json_build_object('d', d, 'r', r, 'b', b), to_json(r), json_build_array(d, r) from f order by id",
        "select json_agg(r order by id), jsonb_agg(d order by id) from f", "select row_to_json(f) from f order by id",
        // What is stored in a text.
        "create table s (id int, t text, v varchar(12))",
        "insert into s select id, d, r from f", "insert into s values (9, 100::float8, 1.50), (10, 1.50, 2::real)",
        "insert into s select id + 20, n, d from f", "insert into s select id + 30, y, n from f",
        "insert into s values (11, '\\x0a'::bytea, 'f'::regclass)",
        "update s set t = 3.0::float8, v = 1.10 where id = 10", "update s set t = d from f where f.id = s.id",
        "insert into s select 40, d from f where id = 1 union all select 41, 2.50 order by 1",
        "select * from s order by id, t",
        // concat, concat_ws and format take what a value shows.
        "select concat(d, r, n, b, y, t, c, v) from f order by id",
        "select concat_ws(',', d, r, n, b, y, t, c, v) from f order by id",
        "select concat(true, false, null, 1), concat_ws('-', true, null, false), concat(null), concat_ws(null, 'a')",
        "select concat(b and true, not b, id = 1) from f order by id", "select concat_ws(1, 'a')",
        "select concat(now() is null, 'a' like 'b', 1 in (1))", "select concat('f'::regclass, 1.0, 2.50)",
        "select format('%s', 'x'), format('%s %s', 1, 'b'), format('%%'), format('none'), format(null)",
        "select format('%s|%s|%s|%s|%s', d, r, n, b, y) from f order by id",
        "select format('%I.%I', 'a', 'B c'), format('%I', 'select'), format('%I', 'name'), format('%I', ''), format('%I', 'a\"b'), format('%I', 'é')",
        "select format('%L, %L', 'it''s', null), format('%L', E'a\\\\b'), format('%L', 1), format('%L', true)",
        "select format('%1$s %1$s %2$s', 'a', 'b'), format('%2$s %s', 'a', 'b', 'c'), format('%2$s %1$s %s', 'a', 'b')",
        "select format('%5s|%-5s|%05s', 'ab', 'ab', 'ab'), format('%*s|%-*s', 5, 'a', 5, 'b'), format('%*s', -4, 'a') || '|'",
        "select format('%2$*1$s|', 4, 'x'), format('%*2$s|', 'q', 3, 'z'), format('%1$*2$s|', 'é', 3), format('%s', null) || '|', format('%5s', null)",
        "select format('%*s', null, 'a'), format('%3I|%-4L|', 'a', 'b'), format('%s', 'a', 'b')",
        "select format('%--3s|', 'a')",
        "select format('%s')", "select format('%d', 1)", "select format('%')", "select format('%1$')",
        "select format('%0$s', 1)",
        "select format('%2$s', 1)", "select format('%I', null)", "select format('%99999999999s', 1)",
        "select format('%2147483648s', 1)",
        "select format('%*3s', 1)", "select format('%*1$', 1)", "select format('%x', 1)", "select format('%é', 1)",
        "select format('%*s', 'a', 'b')", "select format('%*s', 2147483648, 'b')",
        "select format('%*s', -2147483648, 'b')",
        "select format(1)", "select format('%5-s', 1)", "select format('%s', t) from f order by id",
        "select quote_ident('a'), quote_ident('select'), quote_ident('user'), quote_ident('name'), quote_ident('between'), quote_ident('A'), quote_ident('1a'), quote_ident('')",
        "select quote_literal('a'), quote_literal(E'a\\\\b''c'), quote_literal(1.50), quote_literal(1.5::float8), quote_literal(true), quote_literal(null)",
    ]

    private static let characters = [
        "select split_part(E'k=v\\r\\nx=y', E'\\n', 2), split_part(E'ae\\u0301b', 'e', 1), split_part(E'a\\r\\nb', E'\\r', 2) = E'\\nb'",
        "select position(E'\\n' in E'a\\r\\nb'), position('e' in E'ae\\u0301b'), position('' in 'a'), position('é' in 'aé'), position('b' in 'éb'), position('x' in 'a')",
        "select strpos(E'a\\r\\nb', E'\\n'), strpos('éb', 'b'), strpos('a', ''), strpos('a', 'x'), position('aab' in 'aaab')",
        "select position('\\xff'::bytea in '\\x00e9ff'::bytea)",
        "select starts_with(E'\\r\\n', E'\\r'), starts_with(E'e\\u0301', 'e'), starts_with('a', ''), starts_with('a', 'ab')",
        "select length(E'e\\u0301\\r\\n'), char_length('👍🏽'), octet_length('é'), length('🇩🇪')",
        "select substr(E'e\\u0301x', 2), substring(E'a\\r\\nb' from 2 for 1) = E'\\r', substr('éàü', 2, 1), substr('abc', 0, 2), substr('abc', -1, 4), substr('abc', 5), substr('abc', 2, 2147483647)",
        "select left(E'e\\u0301x', 1), left('éàü', -1), left('éàü', 0), left('éàü', 5), left('éàü', -5), left('a', -2147483648)",
        "select right(E'xe\\u0301', 2), right('éàü', -1), right('éàü', 0), right('éàü', 5), right('éàü', -5), right('éàü', 2)",
        "select reverse(E'ae\\u0301') = E'\\u0301ea', reverse('éa')",
        "select translate(E'e\\u0301', 'e', 'x'), translate('abca', 'ab', 'x'), translate('aab', 'aa', 'xy'), translate(E'\\r\\n', E'\\n', 'x')",
        "select replace(E'e\\u0301', 'e', 'x'), replace(E'\\r\\n', E'\\n', ''), replace('abc', '', 'x')",
        "select btrim(E'\\r\\nx\\r\\n', E'\\n') = E'\\r\\nx\\r', btrim(E'\\u0301x', E'\\u0301'), btrim('  a '), btrim('xax', null), trim(both E'\\r' from E'\\r\\na'), ltrim('éa', 'é'), rtrim('aé', 'é')",
        "select lpad('é', 3), lpad('é', 4, 'àb') , rpad('é', 4, 'àb'), lpad('abc', 2), rpad('abc', 2), lpad('a', -1), lpad('a', 3, ''), rpad('aé', 1), lpad('a', 6, 'xyz')",
        "select length(lpad('a', 1000, 'éx')), length(rpad(E'e\\u0301', 1000))",
        "select repeat('é', 3), repeat('a', 0), repeat('a', -1), repeat('', 2147483647)",
        "select initcap('hello wORLD 1a a1b x-y'), upper('straße') = 'STRAßE', lower('ABC')",
        "select lpad('a', 2147483647)", "select repeat('abc', 2147483647)", "select rpad('a', 2147483647, 'é')",
        "select chr(233), ascii('é'), chr(0)",
        "select E'e\\u0301' = 'é', E'\\r\\n' like E'\\r_', E'e\\u0301' like '__', 'é' like '_', E'a\\r\\nb' ~ E'\\n'",
    ]

    private static let bits = [
        "select 1 << 31, 1 << 32, 1 << 33, 1 << -1, -1 >> 1, -8 >> 33, 5 >> -1",
        "select 1::int2 << 15, 1::int2 << 16, 1::int2 << 31, 1::int2 << 32, (-1)::int2 >> 3",
        "select 1::int8 << 62, 1::int8 << 63, 1::int8 << 64, 1::int8 << 65, (-1)::int8 >> 63, 1::int8 << 31",
        "select 1 << 2 + 3, 1 + 1 << 2, 6 & 3 | 8, 6 | 3 & 1, 5 # 3, 5 # 3 & 1, ~ 5, ~5 + 1, ~ 5 & 3, - 1 << 4, 2 * 3 << 1",
        "select 'a' || (6 & 3), 6 & 3 || 'x', 'x' || 1 + 2", "select 'x' || 1 & 2", "select 1 << 2::int8",
        "select 1.5 << 1", "select 'a'::text & 1",
        "select ~ 1.5", "select ~ 'a'::text", "select true & false",
        "select 1 & '3', '3' & 1, 5 # '1', 1 << '2', 7 >> '1'", "select 1 & 'x'",
        "create table i (a int2, b int4, c int8)",
        "insert into i values (1, 1, 1), (-32768, -2147483648, -9223372036854775808), (null, null, null)",
        "select a << 15, b << 31, c << 63, a >> 1, b >> 1, c >> 1, ~a, ~b, ~c, a & b, b | c, a # b from i order by b",
        "select id << b from (select 3 as id) q, i where b = 1", "select b from i where b & 1 = 1",
        "select b from i where b << 31 = -2147483648",
        "select abs((-2147483648)::int)", "select abs((-32768)::int2)", "select abs((-9223372036854775808)::int8)",
        "select abs(b) from i", "select abs(a) from i where a = 1",
        "select abs(-5), abs(5::int2), abs(-5.50), abs(-5.5::float8), abs(null)",
        "select -a from i", "select -b from i", "select -c from i", "select -(-5)",
        "select to_hex(-1), to_hex(255), to_hex((-1)::int8), to_hex(b), to_hex(c) from i order by b",
        "select to_hex('a'::text)",
        // IN, LIKE and BETWEEN bind more tightly than a comparison.
        "select false = 3 in (1, 2), true = 'a' like 'b', 'a' like 'a' = true, false = 5 between 1 and 3, 1 = 2 is null, true <> 3 not in (3)",
    ]

    @Test("||, concat, format and what is stored in a text show a value as a real server does")
    func joining() async throws { try await ComparedPostgres.compare(Self.joined) }

    @Test("characters are code points, and are found as bytes are")
    func counting() async throws { try await ComparedPostgres.compare(Self.characters) }

    @Test("whole numbers are shifted and joined in the width of their type")
    func numbers() async throws { try await ComparedPostgres.compare(Self.bits) }
}
