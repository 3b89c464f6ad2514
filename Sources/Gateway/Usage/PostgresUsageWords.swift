// The words of SQL that are told apart: `word`, or `word:feature` where the feature is called otherwise.

enum PostgresUsageWords {
    /// Keywords that show a feature wherever they stand, but for what the tables below say of them.
    static let keywords =
        "returning conflict:on-conflict join lateral recursive:recursive-query over:window-function partition group:group-by "
        + "having union intersect except distinct limit offset order:order-by tablesample ilike similar:similar-to filter within "
        + "grouping:grouping-sets rollup:grouping-sets cube:grouping-sets temp:temporary-table temporary:temporary-table "
        + "unlogged concurrently serializable repeatable:repeatable-read cursor hold:holdable-cursor "
        + "generated identity references:foreign-key primary:primary-key unique check:check-constraint index view "
        + "sequence schema enum exists case escape collate deferrable nowait locked:skip-locked "
        + "stdin:copy-from-stdin stdout:copy-to-stdout inherits tablespace materialized:materialized-query "
        + "cascade constraint:named-constraint default:column-default exclude:exclusion-constraint into:select-into "
        + "using:join-using like between nulls:nulls-order any:quantified-comparison some:quantified-comparison array only "
        + "ordinality:with-ordinality unbounded:window-frame preceding:window-frame following:window-frame "
        + "current_date:current-time current_time:current-time current_timestamp:current-time localtime:current-time "
        + "localtimestamp:current-time current_user:current-user session_user:current-user current_role:current-user"

    /// Words of SQL (kwlist.h) that are told apart no further.
    static let others =
        "analyse asymmetric symmetric both leading trailing placing current_catalog variadic window freeze isnull notnull "
        + "overlaps overriding setof operator authorization collation verbose inout national nchar normalize treat ties instead "
        + "inherit xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable"

    /// Two words, one behind the other; a word that shows nothing there has a minus.
    static let pairs =
        "distinct+on:distinct-on is+distinct:- not+distinct:- distinct+from:distinct-from insert+into:- merge+into:- "
        + "left+join:outer-join left+outer:outer-join right+join:outer-join right+outer:outer-join full+join:outer-join "
        + "full+outer:outer-join cross+join:cross-join natural+join:natural-join natural+left:natural-join "
        + "natural+right:natural-join natural+full:natural-join natural+inner:natural-join "
        + "on+delete:foreign-key-action on+update:foreign-key-action delete+cascade:- update+cascade:- set+default:- "
        + "delete+set:foreign-key-action at+time:at-time-zone without+hold:- row+only:fetch-first rows+only:fetch-first read+only:- "
        + "format+binary:binary-copy with+binary:binary-copy key+update:for-no-key-update key+share:for-key-share "
        + "current+of:where-current-of alter+column:alter-column add+constraint:add-constraint on+constraint:on-conflict-constraint "
        + "prepare+transaction:two-phase-commit commit+prepared:two-phase-commit rollback+prepared:two-phase-commit"

    /// A word in a statement that begins with another.
    static let within =
        "alter+table:alter-table alter+using:alter-column delete+using:delete-using "
        + "create+partition:partitioned-table create+using:index-method create+like:like-in-definition copy+binary:binary-copy "
        + "copy+program:copy-program copy+header:copy-options copy+delimiter:copy-options copy+null:copy-options "
        + "copy+quote:copy-options copy+encoding:copy-options copy+freeze:copy-options copy+force:copy-options "
        + "copy+force_quote:copy-options copy+force_null:copy-options copy+force_not_null:copy-options close+all:- "
        + "set+default:- reset+default:-"

    /// What CREATE, ALTER and DROP are about, where it is more than tables: translators know none of it.
    static let definitions =
        "function procedure routine aggregate operator language trigger rule policy publication subscription extension domain "
        + "type role user:role group:role database tablespace:define-tablespace foreign:foreign-data server:foreign-data cast "
        + "collation:define-collation conversion statistics text:text-search access:access-method event:event-trigger transform "
        + "materialized:materialized-view large:large-object system owned default:default-privileges"

    /// Words between CREATE, ALTER or DROP and what it is about.
    static let beforeDefinitions = "or replace constraint trusted procedural"

    /// What SET is told, where it is no setting that a session may have as it likes.
    static let settings =
        "role:set-role authorization:session-authorization constraints:set-constraints datestyle:date-style "
        + "intervalstyle:interval-style search_path:search-path"

    /// Behind FOR.
    static let locks = "update:for-update share:for-share"

    /// Functions, when a parenthesis follows at once.
    static let functions =
        "count sum avg min max coalesce nullif greatest least now clock_timestamp statement_timestamp transaction_timestamp "
        + "date_trunc date_part extract age to_char to_timestamp to_date to_number make_date make_interval generate_series unnest "
        + "array_agg array_length array_append array_to_string cardinality string_agg string_to_array "
        + "json_agg jsonb_agg json_build_object jsonb_build_object json_object_agg jsonb_object_agg to_json to_jsonb jsonb_set "
        + "jsonb_array_elements json_array_elements jsonb_each jsonb_path_query row_to_json row_number rank dense_rank ntile lag "
        + "lead first_value last_value nth_value lower upper initcap length char_length octet_length substring substr trim ltrim "
        + "rtrim btrim concat concat_ws replace translate position strpos left right lpad rpad repeat reverse split_part "
        + "regexp_replace regexp_matches regexp_match regexp_split_to_table format quote_ident quote_literal md5 sha256 encode "
        + "decode gen_random_uuid uuid_generate_v4 random abs round ceil ceiling floor trunc mod power sqrt exp ln log sign "
        + "nextval currval setval lastval pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock "
        + "pg_advisory_unlock pg_advisory_unlock_all pg_advisory_lock_shared pg_notify pg_sleep set_config current_setting "
        + "version pg_backend_pid pg_cancel_backend pg_terminate_backend pg_is_in_recovery pg_get_serial_sequence "
        + "current_database current_schema current_schemas pg_table_size pg_total_relation_size pg_database_size "
        + "to_tsvector to_tsquery plainto_tsquery websearch_to_tsquery ts_rank ts_headline setweight similarity bool_and bool_or "
        + "every stddev variance percentile_cont percentile_disc mode corr txid_current pg_current_xact_id lo_create lo_open "
        + "row overlay all"

    /// Types, behind `::`, in a CAST, and in what CREATE and ALTER define.
    static let types =
        "smallint int2:smallint integer int:integer int4:integer bigint int8:bigint serial serial4:serial bigserial "
        + "serial8:bigserial smallserial real float4:real double:double-precision float8:double-precision numeric "
        + "decimal:numeric money text varchar character:varchar char bpchar:char name bytea boolean bool:boolean date time timetz "
        + "timestamp timestamptz interval uuid json jsonb xml inet cidr macaddr bit varbit point line lseg box path polygon circle "
        + "tsvector tsquery int4range int8range numrange tsrange tstzrange daterange oid regclass regtype hstore citext vector "
        + "geometry geography ltree"

    /// Operators; others than these are one feature.
    static let operators =
        "+:- -:- *:- /:- %:- =:- <:- >:- <=:- >=:- <>:- !=:- ||:concatenation ->:json-arrow ->>:json-arrow @>:containment "
        + "<@:containment ~:regular-expression ~*:regular-expression !~:regular-expression !~*:regular-expression"

    /// Names of UTC, which is the only time zone of translated sessions.
    static let utcNames = "utc gmt etc/utc 0 z zulu uct etc/gmt +00:00 +00 default local"

    /// pg_type.dat: the types that clients name by number in Parse.
    static let typeNumbers: [(UInt32, String)] = [
        (16, "boolean"), (17, "bytea"), (18, "char"), (19, "name"), (20, "bigint"), (21, "smallint"), (23, "integer"),
        (25, "text"), (26, "oid"), (114, "json"), (142, "xml"), (600, "point"), (700, "real"), (701, "double"),
        (790, "money"), (869, "inet"), (650, "cidr"), (1042, "char"), (1043, "varchar"), (1082, "date"), (1083, "time"),
        (1114, "timestamp"), (1184, "timestamptz"), (1186, "interval"), (1266, "timetz"), (1700, "numeric"),
        (2950, "uuid"), (3802, "jsonb"), (3614, "tsvector"), (3615, "tsquery"),
    ]

    /// A name behind one of these may be followed by a parenthesis and is a table, an index or an alias.
    static let precedesNames =
        "into table as index view recursive with copy references exists if update only constraint key column add "
        + "execute prepare union intersect except"

    /// The same in definitions only.
    static let precedesNamesOfDefinitions = "on using"

    /// Words before a parenthesis that are neither features nor functions.
    static let otherKeywords =
        "in and or not any all some values using select where from with when then else between like is as on set by to end asc "
        + "desc null cast into key insert update delete exists interval current_timestamp current_date default constraint explain "
        + "returns options include range list hash materialized vacuum analyze reindex limit only fetch sets varying row overlay"
}
