// The tables of the catalogue and how they are filled from what SQLite knows of its own.

import CSQLite
import Capabilities

/// The catalogue's tables; those that stay empty stand for what this store has not.
enum SQLCatalogTables {
    static func create(on connection: SQLiteConnection) throws(SQLFailure) {
        for (name, columns) in definitions + SQLInformationSchema.definitions {
            try connection.execute("CREATE TABLE \(name) (\(columns))")
        }
        try SQLCatalogType.create(on: connection)
        let owner = SQLText.literal(connection.settings.user)
        let database = SQLText.literal(connection.settings.database)
        try connection.execute(
            """
            INSERT INTO pg_catalog.pg_namespace VALUES (11,'pg_catalog',10,NULL),(2200,'public',10,NULL),\
            (13000,'information_schema',10,NULL),(13001,'fairlead',10,NULL);
            INSERT INTO pg_catalog.pg_am VALUES (2,'heap','t'),(403,'btree','i');
            INSERT INTO pg_catalog.pg_collation VALUES (100,'default',11,'d'),(950,'C',11,'c'),(951,'POSIX',11,'c');
            INSERT INTO pg_catalog.pg_database VALUES (5,\(database),10,6,'c',0,1,-1,'C','C',NULL,NULL,NULL,1663);
            INSERT INTO pg_catalog.pg_roles VALUES (10,\(owner),1,1,1,1,1,0,-1,NULL,0,NULL);
            INSERT INTO pg_catalog.pg_user VALUES (\(owner),10,1,1,0,0,NULL,NULL,NULL);
            INSERT INTO pg_catalog.pg_tablespace VALUES (1663,'pg_default',10,NULL,NULL);
            INSERT INTO information_schema.schemata (catalog_name, schema_name, schema_owner) VALUES \
            (\(database),'public',\(owner)),(\(database),'pg_catalog',\(owner)),(\(database),'information_schema',\(owner));
            """)
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
            attcompression "char", attbyval boolean, attalign "char", attislocal boolean, attinhcount int
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
        ("pg_catalog.pg_enum", "oid oid, enumtypid oid, enumsortorder real, enumlabel name"),
        ("pg_catalog.pg_range", "rngtypid oid, rngsubtype oid, rngmultitypid oid"),
        (
            "pg_catalog.pg_available_extensions",
            "name name, default_version text, installed_version text, comment text"
        ),
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
