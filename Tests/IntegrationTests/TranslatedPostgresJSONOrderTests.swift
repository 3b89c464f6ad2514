// Which values of jsonb are the same over the embedded database, and their order, against a real server.

import Testing

@Suite("Equal jsonb over the embedded database")
struct TranslatedPostgresJSONOrderTests {
    private static let tables = [
        "create table u (id int, j jsonb unique)", "create table t (id int, j jsonb, k text)",
        #"insert into t values (1, '{"a": 1.0}', 'x'), (2, '{"a": 1}', 'y'), (3, '{"a": 1.00, "b": 2}', 'x'), (4, '[1, 2.50]', 'y'), (5, '[1.0, 2.5]', 'z'), (6, null, 'z')"#,
        "create view v as select id, j -> 'a' as a, j from t",
    ]

    private static let equality = [
        #"insert into u values (1, '{"a": 1}')"#, #"insert into u values (2, '{"a": 1.0}')"#,
        #"insert into u values (2, '{"a": 1.00}') on conflict (j) do update set id = excluded.id + 10 returning id, j"#,
        #"insert into u values (3, '{"a": 1.10}') returning j"#, #"select id, j from u where j = '{"a": 1.1}'"#,
        #"select '{"a": 1}'::jsonb = '{"a": 1.00}', '1.0'::jsonb = '1', '-0'::jsonb = '0.0', '1e2'::jsonb = '100.000', '10'::jsonb = '1'"#,
        #"select '[1.0]'::jsonb <> '[1]'::jsonb, '[1.0]'::jsonb is distinct from '[1]', null::jsonb = '1', '[1.0]'::jsonb is not distinct from null"#,
        #"select id from t where j = '{"a": 1.000}' order by id"#,
        #"select id from t where '{"a": 1.000}' = j order by id"#,
        #"select id from t where j -> 'a' = '1' order by id"#, #"select id from t where '1.00' = j -> 'a' order by id"#,
        #"select id from t where j -> 'a' in ('1.000', '7') order by id"#,
        #"select id from t where j in ('{"a": 1}', '7') order by id"#,
        #"select id from t where j -> 'a' not in ('2', '7') order by id"#,
        "select a.id, b.id from t a join t b on a.j = b.j order by 1, 2",
        "select a.id, b.id from t a join t b on a.j -> 'a' = b.j -> 'a' order by 1, 2",
        "select id from t where j in (select j from t where id = 2) order by id",
        "select id from t where (j, k) in (select j, k from t) order by id",
        "select id from t where j -> 'a' = any (select j -> 'a' from t) order by id",
        "select id, a from v where a = '1.0' order by id", "select id from v where j = '[1,2.5]' order by id",
        "select case j -> 'a' when '1.00' then 'one' else 'other' end, nullif(j -> 'a', '1') from t order by id",
        "select case j when '[1, 2.5]' then 1 else 2 end from t order by id",
        "update t set k = 'n' where j = '[1, 2.5]' returning id",
        "select distinct j from t where id < 3", "select count(distinct j), count(distinct j -> 'a') from t",
        "select distinct j -> 'a' from t order by 1", "select distinct a from v order by a",
        "select j, count(*) from t group by j order by j",
        "select j -> 'a', count(*), min(id), max(k) from t group by 1 order by 1",
        "select j -> 'a' as x, count(*) from t group by x order by x desc",
        "select a, count(*) from v group by a order by a",
        "select j from t where id = 1 union select j from t where id = 2",
        "select j from t where id = 2 union all select j from t where id = 1 order by 1",
        "select j -> 'a' from t where id = 1 union select j -> 'a' from t where id = 2",
        "select count(*) from (select j -> 'a' from t intersect select '1.000'::jsonb) q",
        "select j -> 'a' from t except select '1.000'::jsonb order by 1",
        "select null union select j -> 'a' from t order by 1",
        "select id, count(*) over (partition by j -> 'a'), row_number() over (partition by j order by id) from t order by id",
        "select id, rank() over (order by j), dense_rank() over (order by j -> 'a') from t order by id",
        "with w as (select distinct j -> 'a' as x from t) select x from w where x = '1' or x is null order by x",
        "create view p as select id, j, j as k from t", "select distinct k from p where id < 3",
        "select distinct * from (select j from p where id < 3) q", "select count(*) from p a join p b on a.j = b.k",
        "select j from p where id = 1 union select k from p where id = 2",
        "select x from (select j as x from t) q where x = '{\"a\": 1}' order by x",
        "select j ->> 'a' = '1' from t order by id",
        "select max(j) from t", "select min(d) from (values ('1'::json)) v (d)",
        "select distinct d from (values ('1'::json)) v (d)",
    ]

    private static let order = [
        "create table o (j jsonb)",
        #"insert into o values ('null'), ('"b"'), ('"a"'), ('"B"'), ('2'), ('10'), ('-3'), ('-3.5'), ('0.05'), ('0.5'), ('true'), ('false'), ('[]'), ('[1]'), ('["a"]'), ('[1,2]'), ('[[1]]'), ('[null]'), ('{}'), ('{"a":1}'), ('{"b":0}'), ('{"a":2}'), ('{"aa":1}'), ('{"a":1,"b":2}'), ('[{}]'), ('[true]'), ('123456789012345678901234567890'), ('123456789012345678901234567890.5')"#,
        "select j from o order by j", "select j from o order by j desc limit 5",
        "select j -> 0 from o order by j -> 0, j",
        #"select j from o where j > '[1]' order by j"#, #"select j from o where j between '0' and '10' order by j"#,
        #"select '{"a":1}'::jsonb < '{"a":2}', '[]'::jsonb < 'null', '[1,2]'::jsonb > '[3]', '10'::jsonb > '9', '-10'::jsonb < '-9'"#,
        "select a.j, b.j from o a, o b where a.j < b.j and jsonb_typeof(a.j) = 'number' and jsonb_typeof(b.j) = 'number' order by 1, 2",
        "create index oi on o (j)", #"select j from o where j >= '{"a":1}' order by j"#,
    ]

    @Test("numbers are equal whatever zeros they end in, wherever values are compared")
    func equality() async throws {
        try await ComparedPostgres.compare(
            Self.tables + Self.equality,
            refused: [
                "select greatest('1'::jsonb, '2')", "select array_agg(id order by j) from t",
                "select * from (select j -> 'a' as x from t) q union select '1'::jsonb",
            ])
    }

    @Test("values come in the server's order")
    func order() async throws { try await ComparedPostgres.compare(Self.order) }

    @Test("the seventh digit of a second is rounded, and the last member of a name counts")
    func times() async throws {
        try await ComparedPostgres.compare([
            "select timestamp '2024-12-31 23:59:59.9999999', timestamp '2024-12-31 23:59:59.9999994'",
            "select timestamp '2024-01-01 00:00:00.1234565', timestamp '2024-01-01 00:00:00.1234575'",
            "select timestamptz '2024-12-31 23:59:59.9999999+01', time '23:59:59.9999999', time '12:00:00.0000005'",
            "select '2024-02-28 23:59:59.99999951'::timestamp::date, date '2024-12-31 23:59:59.9999999'",
            "select time '24:00:00.0000001'", "select timestamp '2024-01-01 00:00:00.'",
            "select '2024-01-01 1:02:03.4'::timestamp",
            #"select '{"a":1,"a":2}'::json->'a', '{"a":1,"a":2}'::json->>'a', '{"a":1,"a":2}'::jsonb->'a'"#,
        ])
    }
}
