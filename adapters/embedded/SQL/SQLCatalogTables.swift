// The tables of the catalogue and how they are filled from what SQLite knows of its own.

import CSQLite
import Capabilities

/// The catalogue's tables; those that stay empty stand for what this store has not.
enum SQLCatalogTables {
    static func create(on connection: SQLiteConnection) throws(SQLFailure) {
        for (name, columns) in definitions {
            try connection.execute("CREATE TABLE \(name) (\(columns))")
        }
        for type in SQLType.allCases where type != .unknown {
            let declared = SQLDeclaredType(type: type)
            let functions = ["in", "out", "recv", "send"].map { SQLText.literal(function(type, $0)) }.joined(
                separator: ", ")
            try connection.execute(
                """
                INSERT INTO pg_catalog.pg_type VALUES (\(type.rawValue), \(SQLText.literal(type.catalogName)), 11, 10, \
                \(length(type)), 0, 'b', \(SQLText.literal(category(type))), 0, 1, ',', 0, \(type.item?.rawValue ?? 0), \
                \(type.array?.rawValue ?? 0), 0, 0, -1, 0, NULL, \
                \(functions), \(SQLText.literal(declared.formatted)))
                """)
        }
        let owner = SQLText.literal(connection.settings.user)
        let database = SQLText.literal(connection.settings.database)
        try connection.execute(
            """
            INSERT INTO pg_catalog.pg_namespace VALUES (11,'pg_catalog',10,NULL),(2200,'public',10,NULL),\
            (13000,'information_schema',10,NULL),(13001,'fairlead',10,NULL);
            INSERT INTO pg_catalog.pg_am VALUES (2,'heap','t'),(403,'btree','i');
            INSERT INTO pg_catalog.pg_database VALUES (5,\(database),10,6,'c',0,1,-1,'C','C',NULL,NULL,NULL,1663);
            INSERT INTO pg_catalog.pg_roles VALUES (10,\(owner),1,1,1,1,1,0,-1,NULL,0,NULL);
            INSERT INTO pg_catalog.pg_user VALUES (\(owner),10,1,1,0,0,NULL,NULL,NULL);
            INSERT INTO pg_catalog.pg_tablespace VALUES (1663,'pg_default',10,NULL,NULL);
            INSERT INTO information_schema.schemata VALUES (\(database),'public',\(owner)),(\(database),'pg_catalog',\(owner)),\
            (\(database),'information_schema',\(owner));
            """)
    }

    /// The name of the function that reads or writes values (pg_type.dat; of most types their own name with an ending).
    private static func function(_ type: SQLType, _ ending: String) -> String {
        if type.item != nil { return "array_\(ending)" }
        return switch type {
        case .numeric, .date, .time, .timestamp, .timestampWithZone, .uuid, .json, .jsonb, .void:
            "\(type.catalogName)_\(ending)"
        default: "\(type.catalogName)\(ending)"
        }
    }

    private static func length(_ type: SQLType) -> Int {
        switch type {
        case .boolean, .character: 1
        case .int16: 2
        case .int32, .oid, .float32, .date, .regclass, .void: 4
        case .int64, .float64, .timestamp, .timestampWithZone, .time: 8
        case .uuid: 16
        case .name: 64
        default: -1
        }
    }

    private static func category(_ type: SQLType) -> String {
        switch type {
        case .boolean: "B"
        case .int16, .int32, .int64, .float32, .float64, .numeric, .oid, .regclass: "N"
        case .text, .boundedText, .fixedText, .name: "S"
        case .date, .time, .timestamp, .timestampWithZone: "D"
        default: type.item == nil ? "U" : "A"
        }
    }

    private static let definitions: [(String, String)] = [
        ("pg_catalog.pg_namespace", "oid oid, nspname name, nspowner oid, nspacl text"),
        (
            "pg_catalog.pg_class",
            """
            oid oid PRIMARY KEY, relname name, relnamespace oid, reltype oid, reloftype oid, relowner oid, relam oid, \
            relfilenode oid, reltablespace oid, relpages int, reltuples real, relallvisible int, reltoastrelid oid, \
            relhasindex boolean, relisshared boolean, relpersistence "char", relkind "char", relnatts smallint, \
            relchecks smallint, relhasrules boolean, relhastriggers boolean, relhassubclass boolean, \
            relrowsecurity boolean, relforcerowsecurity boolean, relispopulated boolean, relreplident "char", \
            relispartition boolean, relacl text, reloptions text, relpartbound text
            """
        ),
        (
            "pg_catalog.pg_attribute",
            """
            attrelid oid, attname name, atttypid oid, attlen smallint, attnum smallint, atttypmod int, attnotnull boolean, \
            atthasdef boolean, attidentity "char", attgenerated "char", attisdropped boolean, attcollation oid, \
            attndims int, attstattarget int, attstorage "char", attacl text, attfdwoptions text, atthasmissing boolean, \
            attcompression "char"
            """
        ),
        (
            "pg_catalog.pg_type",
            """
            oid oid PRIMARY KEY, typname name, typnamespace oid, typowner oid, typlen smallint, typbyval boolean, \
            typtype "char", typcategory "char", typispreferred boolean, typisdefined boolean, typdelim "char", typrelid oid, \
            typelem oid, typarray oid, typbasetype oid, typnotnull boolean, typtypmod int, typcollation oid, \
            typdefault text, typinput text, typoutput text, typreceive text, typsend text, fairlead_name text
            """
        ),
        ("pg_catalog.pg_attrdef", "oid oid, adrelid oid, adnum smallint, adbin text"),
        (
            "pg_catalog.pg_index",
            """
            indexrelid oid, indrelid oid, indnatts smallint, indnkeyatts smallint, indisunique boolean, \
            indisprimary boolean, indisexclusion boolean, indimmediate boolean, indisclustered boolean, \
            indisvalid boolean, indisready boolean, indislive boolean, indisreplident boolean, indkey text, indexprs text, \
            indpred text, indoption text, fairlead_definition text, indnullsnotdistinct boolean, indclass text
            """
        ),
        (
            "pg_catalog.pg_constraint",
            """
            oid oid, conname name, connamespace oid, contype "char", condeferrable boolean, condeferred boolean, \
            convalidated boolean, conrelid oid, contypid oid, conindid oid, conparentid oid, confrelid oid, \
            confupdtype "char", confdeltype "char", confmatchtype "char", conkey text, confkey text, conbin text, \
            fairlead_definition text
            """
        ),
        ("pg_catalog.pg_am", "oid oid, amname name, amtype \"char\""),
        (
            "pg_catalog.pg_database",
            """
            oid oid, datname name, datdba oid, encoding int, datlocprovider "char", datistemplate boolean, \
            datallowconn boolean, datconnlimit int, datcollate text, datctype text, daticulocale text, datcollversion text, \
            datacl text, dattablespace oid
            """
        ),
        (
            "pg_catalog.pg_roles",
            """
            oid oid, rolname name, rolsuper boolean, rolinherit boolean, rolcreaterole boolean, rolcreatedb boolean, \
            rolcanlogin boolean, rolreplication boolean, rolconnlimit int, rolvaliduntil timestamptz, \
            rolbypassrls boolean, rolconfig text
            """
        ),
        (
            "pg_catalog.pg_user",
            """
            usename name, usesysid oid, usecreatedb boolean, usesuper boolean, userepl boolean, usebypassrls boolean, \
            passwd text, valuntil timestamptz, useconfig text
            """
        ),
        ("pg_catalog.pg_auth_members", "roleid oid, member oid, grantor oid, admin_option boolean"),
        ("pg_catalog.pg_tablespace", "oid oid, spcname name, spcowner oid, spcacl text, spcoptions text"),
        ("pg_catalog.pg_collation", "oid oid, collname name, collnamespace oid, collprovider \"char\""),
        ("pg_catalog.pg_description", "objoid oid, classoid oid, objsubid int, description text"),
        ("pg_catalog.pg_shdescription", "objoid oid, classoid oid, description text"),
        ("pg_catalog.pg_inherits", "inhrelid oid, inhparent oid, inhseqno int, inhdetachpending boolean"),
        (
            "pg_catalog.pg_proc",
            "oid oid, proname name, pronamespace oid, proowner oid, prokind \"char\", prorettype oid, proargtypes text"
        ),
        ("pg_catalog.pg_enum", "oid oid, enumtypid oid, enumsortorder real, enumlabel name"),
        ("pg_catalog.pg_range", "rngtypid oid, rngsubtype oid, rngmultitypid oid"),
        ("pg_catalog.pg_extension", "oid oid, extname name, extowner oid, extnamespace oid, extversion text"),
        (
            "pg_catalog.pg_sequence",
            "seqrelid oid, seqtypid oid, seqstart bigint, seqincrement bigint, seqmax bigint, seqmin bigint, seqcache bigint, seqcycle boolean"
        ),
        (
            "pg_catalog.pg_depend",
            "classid oid, objid oid, objsubid int, refclassid oid, refobjid oid, refobjsubid int, deptype \"char\""
        ),
        (
            "pg_catalog.pg_language",
            "oid oid, lanname name, lanowner oid, lanispl boolean, lanpltrusted boolean, lanplcallfoid oid, laninline oid, lanvalidator oid, lanacl text"
        ),
        (
            "pg_catalog.pg_policy",
            "oid oid, polname name, polrelid oid, polcmd \"char\", polpermissive boolean, polroles text, polqual text, polwithcheck text"
        ),
        (
            "pg_catalog.pg_trigger",
            "oid oid, tgrelid oid, tgparentid oid, tgname name, tgfoid oid, tgtype smallint, tgenabled \"char\", tgisinternal boolean"
        ),
        ("pg_catalog.pg_opclass", "oid oid, opcname name, opcdefault boolean"),
        ("pg_catalog.pg_rewrite", "oid oid, rulename name, ev_class oid"),
        ("pg_catalog.pg_foreign_table", "ftrelid oid, ftserver oid"),
        ("pg_catalog.pg_matviews", "schemaname name, matviewname name, matviewowner name, definition text"),
        (
            "pg_catalog.pg_tables",
            "schemaname name, tablename name, tableowner name, tablespace name, hasindexes boolean, hasrules boolean, hastriggers boolean, rowsecurity boolean"
        ),
        ("pg_catalog.pg_views", "schemaname name, viewname name, viewowner name, definition text"),
        ("pg_catalog.pg_indexes", "schemaname name, tablename name, indexname name, tablespace name, indexdef text"),
        ("information_schema.schemata", "catalog_name name, schema_name name, schema_owner name"),
        (
            "information_schema.tables",
            "table_catalog name, table_schema name, table_name name, table_type text, is_insertable_into text"
        ),
        (
            "information_schema.columns",
            """
            table_catalog name, table_schema name, table_name name, column_name name, ordinal_position int, \
            column_default text, is_nullable text, data_type text, character_maximum_length int, numeric_precision int, \
            numeric_scale int, udt_name name, is_identity text
            """
        ),
        ("information_schema.views", "table_catalog name, table_schema name, table_name name, view_definition text"),
        (
            "information_schema.check_constraints",
            "constraint_catalog name, constraint_schema name, constraint_name name, check_clause text"
        ),
        (
            "information_schema.table_constraints",
            "constraint_catalog name, constraint_schema name, constraint_name name, table_schema name, table_name name, constraint_type text"
        ),
        (
            "information_schema.key_column_usage",
            "constraint_schema name, constraint_name name, table_schema name, table_name name, column_name name, ordinal_position int"
        ),
    ]

    /// The numbers of the catalogue's own relations (`CATALOG` in pg_*.h), which other relations refer to.
    static let numbers: [String: Int64] = [
        "pg_type": 1247, "pg_attribute": 1249, "pg_proc": 1255, "pg_class": 1259, "pg_database": 1262, "pg_am": 2601,
        "pg_attrdef": 2604, "pg_constraint": 2606, "pg_description": 2609, "pg_index": 2610, "pg_namespace": 2615,
        "pg_opclass": 2616, "pg_rewrite": 2618, "pg_trigger": 2620, "pg_sequence": 2224, "pg_collation": 3456,
        "pg_enum": 3501, "pg_extension": 3079, "pg_tablespace": 1213,
    ]

    /// Relations of things that cannot exist here; a query of one of them has no rows.
    static let empty: Set<String> = ["pg_publication", "pg_policy", "pg_statistic_ext", "pg_trigger"]
}

extension SQLType {
    /// How values are stored, a letter (pg_type.typstorage).
    var storage: String {
        switch self {
        case .numeric: "m"
        case .text, .boundedText, .fixedText, .json, .jsonb, .bytes: "x"
        default: item == nil ? "p" : "x"
        }
    }
}
