// Statements that show a feature of PostgreSQL, in its plainest forms.

/// Samples by the names that profiles give features.
enum PostgresSamples {
    /// What the samples are about.
    static let tables = [
        "create table t (a int primary key, b text, c timestamptz, n numeric)", "create table u (a int, b text)",
    ]

    /// The features that have samples of their own.
    static var all: [String] {
        forms.keys.map { "postgres.feature.\($0)" } + types.keys.map { "postgres.type.\($0)" }
            + functions.keys.map { "postgres.function.\($0)" }
    }

    /// Statements that show `feature`; none where nothing is known of it.
    static func of(_ feature: String) -> [String] {
        let parts = feature.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "postgres" else { return [] }
        switch parts[1] {
        case "feature": return forms[parts[2]] ?? []
        case "type": return types[parts[2]] ?? type(parts[2])
        case "function": return functions[parts[2]] ?? calls(parts[2])
        default: return []
        }
    }

    private static func type(_ name: String) -> [String] {
        guard name != "unknown" else { return [] }
        let name = name == "double-precision" ? "double precision" : name
        return ["create table s (x \(name))", "select b::\(name) from t", "select null::\(name)"]
    }

    private static let types = [
        "array": ["create table s (x int[])"],
        "interval": [
            "create table s (x interval)", "select now() - interval '1 day'", "select c + interval '1 hour' from t",
        ],
    ]

    /// Calls with the arguments that functions commonly have: of a wrong number or type, PostgreSQL knows none either.
    private static func calls(_ name: String) -> [String] {
        guard name != "unknown" else { return [] }
        return [
            "", "a", "b", "c", "n", "a, a", "b, b", "b, a", "a, b", "b, b, b", "b, a, a", "b, a, b", "'day', c", "c, b",
        ].map {
            "select \(name)(\($0)) from t"
        } + ["select * from \(name)(1, 2)", "select * from \(name)('x')"]
    }

    private static let functions = [
        "unnest": ["select unnest(array[1, 2])", "select * from unnest(array[1, 2]) as x(n)"],
        "extract": ["select extract(year from c) from t"],
        "to_tsvector": ["select to_tsvector(b) from t", "select to_tsvector('english', b) from t"],
        "percentile_cont": ["select percentile_cont(0.5) within group (order by n) from t"],
        "percentile_disc": ["select percentile_disc(0.5) within group (order by n) from t"],
        "mode": ["select mode() within group (order by n) from t"],
        "array_length": ["select array_length(array[1, 2], 1)"],
        "array_append": ["select array_append(array[1, 2], 1)"],
        "array_to_string": ["select array_to_string(array[1, 2], ',')"],
        "cardinality": ["select cardinality(array[1, 2])"],
    ]

    private static let forms = [
        "lateral": [
            "select t.a, x.b from t, lateral (select u.b from u where u.a = t.a) x",
            "select t.a, x.b from t cross join lateral (select u.b from u where u.a = t.a limit 1) x",
            "select t.a, x.b from t left join lateral (select u.b from u where u.a = t.a) x on true",
        ],
        "distinct-on": ["select distinct on (b) b, a from t order by b, a"],
        "grouping-sets": [
            "select b, count(*) from t group by grouping sets ((b), ())",
            "select b, count(*) from t group by rollup (b)",
            "select b, count(*) from t group by cube (b)",
        ],
        "partitioned-table": [
            "create table s (x int) partition by list (x)", "create table s (x int) partition by range (x)",
            // A view's window shows the same words.
            "create view s as select row_number() over (partition by b order by a) as n from t",
        ],
        "array": ["select array[1, 2]", "select (array[1, 2])[1]", "select a from t where a = any(array[1, 2])"],
        "at-time-zone": ["select c at time zone 'UTC' from t", "select c at time zone 'Europe/Berlin' from t"],
        "inherits": ["create table s (x int) inherits (t)"],
        "exclusion-constraint": ["create table s (x int, exclude using gist (x with =))"],
        "tablesample": ["select * from t tablesample system (10)"],
        "like-in-definition": ["create table s (like t)", "create table s (like t including all)"],
        "select-into": ["select a into s from t"],
        "delete-using": ["delete from t using u where t.a = u.a"],
        "with-ordinality": ["select * from generate_series(1, 3) with ordinality"],
        "similar-to": ["select b similar to 'x%' from t"],
        "alter-column": [
            "alter table t alter column b type varchar(9)", "alter table t alter column b set not null",
            "alter table t alter column b set default 'x'",
        ],
        "add-constraint": [
            "alter table t add constraint k check (a > 0)", "alter table t add constraint k unique (b)",
        ],
        "where-current-of": ["delete from t where current of k"],
        "unlogged": ["create unlogged table s (x int)"],
        "natural-join": ["select * from t natural join u"],
        "join-using": ["select * from t join u using (a)"],
        "within": ["select percentile_cont(0.5) within group (order by n) from t"],
        "long-number": ["select 123456789012345678901234567890 * 2", "select 1234567890123456789.12 + n from t"],
        "tablespace": ["create table s (x int) tablespace fast"],
        "concurrently": ["create index concurrently i on t (b)"],
        "on-conflict-constraint": ["insert into t (a) values (1) on conflict on constraint t_pkey do nothing"],
        "index-method": ["create index i on t using gin (b)", "create index i on t using btree (b)"],
        "materialized-query": ["with x as materialized (select 1 as y) select y from x"],
        "distinct-from": ["select a is distinct from 1 from t"],
        "regular-expression": ["select b ~ 'x' from t"],
    ]
}
