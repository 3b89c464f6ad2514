// What drivers and ORMs ask of the catalogue before anything else, over the embedded database and of a real server.

import Testing

@Suite("Drivers' first questions over the embedded database")
struct TranslatedPostgresDriverTests {
    private static let tables = [
        "create table author (id serial primary key, name text not null unique, born date, active boolean not null default true, check (length(name) > 1))",
        "create table book (id int generated always as identity, author_id int not null constraint written_by references author (id) on delete cascade, title text default 'none', isbn varchar(13), price numeric(8,2), made timestamptz default now(), twice int generated always as (author_id * 2) stored, constraint book_key primary key (id), constraint one_title unique (author_id, title))",
        "create index book_title on book (title)", "create unique index book_isbn on book (isbn desc)",
        "create view titles as select id, title from book", "create sequence tickets start 100", "create schema shop",
        "create table shop.item (sku text, place int, u uuid, primary key (sku, place), foreign key (place) references author (id) on update cascade on delete set null)",
    ]
    /// All types that there are here, with those of their arrays.
    private static let types =
        "('bool', 'bytea', 'char', 'name', 'int8', 'int2', 'int4', 'regproc', 'text', 'oid', 'json', 'float4', 'float8', 'bpchar', 'varchar', 'date', 'time', 'timestamp', 'timestamptz', 'numeric', 'uuid', 'jsonb', 'void', 'regprocedure', 'regclass', 'regtype', '_bool', '_bytea', '_char', '_name', '_int8', '_int2', '_int4', '_regproc', '_text', '_oid', '_json', '_float4', '_float8', '_bpchar', '_varchar', '_date', '_time', '_timestamp', '_timestamptz', '_numeric', '_uuid', '_jsonb', '_regprocedure', '_regclass', '_regtype')"
    /// Places of a search path, as several drivers join them.
    private static let path =
        "(select s.r, (current_schemas(false))[s.r] as nspname from generate_series(1, array_upper(current_schemas(false), 1)) as s (r))"

    private static let ofTypes = [
        "select oid, typname, typnamespace, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, typrelid, typsubscript, typelem, typarray, typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims, typcollation from pg_type where typname in \(types) order by oid",
        "select count(*), min(p.oid), max(p.oid) from pg_proc p where p.oid in (select typinput from pg_type where typname in \(types) union select typreceive from pg_type where typname in \(types))",
        // Npgsql: arrays are known by the function that reads them.
        """
        select ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid from (
          select typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typnotnull, typ.relkind, elemtyp.oid as elemtypoid,
            case when elemproc.proname = 'array_recv' then 'a' else elemtyp.typtype end as elemtyptype
          from (
            select typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem as elemoid,
              case when proc.proname = 'array_recv' then 'a' else typ.typtype end as typtype,
              case when proc.proname = 'array_recv' then typ.typelem when typ.typtype = 'r' then rngsubtype
                when typ.typtype = 'm' then (select rngtypid from pg_range where rngmultitypid = typ.oid)
                when typ.typtype = 'd' then typ.typbasetype end as elemtypoid
            from pg_type as typ left join pg_class as cls on (cls.oid = typ.typrelid)
              left join pg_proc as proc on proc.oid = typ.typreceive left join pg_range on (pg_range.rngtypid = typ.oid)
          ) as typ
          left join pg_type as elemtyp on elemtyp.oid = elemtypoid left join pg_proc as elemproc on elemproc.oid = elemtyp.typreceive
        ) as t join pg_namespace as ns on (ns.oid = typnamespace)
        where t.typname in \(types) and (typtype in ('b', 'r', 'm', 'e', 'd') or typtype = 'p' and typname in ('record', 'void')
          or typtype = 'a' and elemtyptype in ('b', 'r', 'm', 'e', 'd'))
        order by case when typtype in ('b', 'e', 'p') then 0 when typtype = 'r' then 1 when typtype = 'a' then 5 end, t.oid
        """,
        "select pg_type.oid, enumlabel from pg_enum join pg_type on pg_type.oid = enumtypid order by oid, enumsortorder",
        // pgjdbc: a type by its number, and by its name on the search path.
        "prepare one as select t.oid, n.nspname = any(current_schemas(true)), n.nspname, t.typinput = 'array_in'::regproc, t.typname, t.typelem, e.typname, e.typdelim, arr.oid, arr.typname from pg_catalog.pg_type t join pg_catalog.pg_namespace n on t.typnamespace = n.oid left join pg_catalog.pg_type e on t.typelem = e.oid left join pg_catalog.pg_type arr on (t.oid, 'array_in'::regproc) = (arr.typelem, arr.typinput) where t.oid = $1",
        "execute one(1007)", "execute one(23)", "execute one(3802)", "execute one(3807)",
        "prepare two(varchar) as select t.oid, t.typinput = 'array_in'::regproc, t.typname, arr.oid from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace left join pg_catalog.pg_type arr on (arr.typelem, arr.typinput) = (t.oid, 'array_in'::regproc) left join \(path) as sp using (nspname) where t.typname = $1 order by sp.r, t.oid desc limit 1",
        "execute two('jsonb')", "execute two('_int4')", "execute two('nope')",
        "select typname, typinput = 'pg_catalog.array_in'::regproc as is_array from pg_catalog.pg_type left join (select ns.oid as nspoid, ns.nspname, r.r from pg_namespace as ns join \(path) as r using (nspname)) as sp on sp.nspoid = typnamespace where typname in ('int4', '_int4') order by sp.r, pg_type.oid desc",
        // sqlx, Diesel, pgx and psycopg.
        "prepare three as select oid::regtype::text, typtype, typcategory, typelem from pg_catalog.pg_type where oid = $1",
        "execute three(3802)", "execute three(1007)", "execute three(18)", "execute three(1184)",
        "prepare four as select $1::regtype::oid", "execute four('int4')", "execute four('timestamp with time zone')",
        "execute four('_text')", "execute four('text[]')", "execute four('nope')",
        "prepare five as select oid from pg_type where oid = $1::text::regtype::oid", "execute five('jsonb')",
        "prepare six(text) as select typname as name, oid, typarray as array_oid, oid::regtype::text as regtype from pg_type t where t.oid = to_regtype($1)",
        "execute six('numeric')", "execute six('hstore')",
        "select b.oid, b.typarray from pg_catalog.pg_type a left join pg_catalog.pg_type b on b.oid = a.typelem where a.typcategory = 'A' and b.typname in \(types) group by b.oid, b.typarray order by b.oid",
        // ActiveRecord.
        "select t.oid, t.typname, t.typelem, t.typinput, r.rngsubtype from pg_type as t left join pg_range as r on oid = rngtypid where t.typname in \(types) and (t.typelem in (select oid from pg_type where typname = 'int4') or t.typinput = 'array_in(cstring,oid,integer)'::regprocedure) order by 1",
        // asyncpg: a type with those that it is made of.
        "prepare seven as with recursive tree (oid, name, kind, elemtype, depth) as (select t.oid, t.typname, t.typtype, t.typelem, 0 from pg_type t where t.oid = any($1::oid[]) union all select t.oid, t.typname, t.typtype, t.typelem, tree.depth + 1 from pg_type t, tree where tree.elemtype is not null and t.oid = tree.elemtype) select distinct *, elemtype::regtype::text as elemtype_name from tree order by depth desc, oid",
        "execute seven('{1007,1231,3807}')", "execute seven('{2951}')",
        "select 3802::regtype::text, 'jsonb'::regtype, 'jsonb'::regtype::oid, 1184::regtype, 0::regtype, 999999::regtype",
        "select 'int4[]'::regtype, 'character varying(10)'::regtype, 'numeric(4,1)'::regtype, 'pg_catalog.int4'::regtype, '\"char\"'::regtype, 'regtype'::regtype, '-'::regtype",
        "select 'array_in'::regproc, 750::regproc, 'int4in'::regproc::oid, 'pg_catalog.array_in'::regproc, 0::regproc, 'array_in(cstring,oid,integer)'::regprocedure, 43::regprocedure",
        "select to_regtype('jsonb'), to_regtype('_int4'), to_regtype('nope'), pg_typeof('int4'::regtype)",
        "select format_type(3807, -1), format_type(1231, 262150), format_type(0, -1), format_type(999999, null), format_type(2211, -1)",
        "select array_upper(current_schemas(false), 1), array_lower(current_schemas(false), 1), (current_schemas(false))[1], (current_schemas(true))[5]",
        "select '{1.50,2,3.00,-0.0}'::numeric[], '{}'::jsonb[], '{\"{\\\\\"a\\\\\": 1}\",null}'::jsonb[], '{\\\\x01,abc}'::bytea[], '{10:00,1:2}'::time[], '{a,b}'::name[]",
    ]

    private static let ofRelations = [
        // pgjdbc's DatabaseMetaData: tables, columns, keys and indexes.
        "select n.nspname as table_schem, c.relname as table_name, case n.nspname ~ '^pg_' or n.nspname = 'information_schema' when true then 'SYSTEM' when false then case c.relkind when 'r' then 'TABLE' when 'i' then 'INDEX' when 'S' then 'SEQUENCE' when 'v' then 'VIEW' else null end else null end as table_type, d.description as remarks from pg_catalog.pg_namespace n, pg_catalog.pg_class c left join pg_catalog.pg_description d on (c.oid = d.objoid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass) where c.relnamespace = n.oid and n.nspname in ('public', 'shop') order by table_type, table_schem, table_name",
        "select * from (select n.nspname, c.relname, a.attname, a.atttypid, a.attnotnull or (t.typtype = 'd' and t.typnotnull) as attnotnull, a.atttypmod, a.attlen, t.typtypmod, row_number() over (partition by a.attrelid order by a.attnum) as attnum, nullif(a.attidentity, '') as attidentity, nullif(a.attgenerated, '') as attgenerated, pg_catalog.pg_get_expr(def.adbin, def.adrelid) as adsrc, t.typbasetype from pg_catalog.pg_namespace n join pg_catalog.pg_class c on (c.relnamespace = n.oid) join pg_catalog.pg_attribute a on (a.attrelid = c.oid) join pg_catalog.pg_type t on (a.atttypid = t.oid) left join pg_catalog.pg_attrdef def on (a.attrelid = def.adrelid and a.attnum = def.adnum) where c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped and n.nspname like 'public' and c.relname like 'book') c where true and attname like '%' order by nspname, c.relname, attnum",
        "select n.nspname as table_schem, ct.relname as table_name, a.attname as column_name, (i.keys).n as key_seq, ci.relname as pk_name from pg_catalog.pg_class ct join pg_catalog.pg_attribute a on (ct.oid = a.attrelid) join pg_catalog.pg_namespace n on (ct.relnamespace = n.oid) join (select i.indexrelid, i.indrelid, i.indisprimary, information_schema._pg_expandarray(i.indkey) as keys from pg_catalog.pg_index i) i on (a.attnum = (i.keys).x and a.attrelid = i.indrelid) join pg_catalog.pg_class ci on (ci.oid = i.indexrelid) where ct.relname = 'item' and i.indisprimary order by table_name, pk_name, key_seq",
        "select result.column_name, result.key_seq, result.pk_name from (select a.attname as column_name, (information_schema._pg_expandarray(i.indkey)).n as key_seq, ci.relname as pk_name, information_schema._pg_expandarray(i.indkey) as keys, a.attnum as a_attnum from pg_catalog.pg_class ct join pg_catalog.pg_attribute a on (ct.oid = a.attrelid) join pg_catalog.pg_index i on (a.attrelid = i.indrelid) join pg_catalog.pg_class ci on (ci.oid = i.indexrelid) where ct.relname = 'item' and i.indisprimary) result where result.a_attnum = (result.keys).x order by result.pk_name, result.key_seq",
        "select pkc.relname, pka.attname, fkn.nspname, fkc.relname, fka.attname, pos.n as key_seq, case con.confupdtype when 'c' then 0 when 'a' then 3 else null end as update_rule, con.conname, pkic.relname from pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc, pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n), pg_catalog.pg_class pkic where pkc.oid = pka.attrelid and pka.attnum = con.confkey[pos.n] and con.confrelid = pkc.oid and fkn.oid = fkc.relnamespace and fkc.oid = fka.attrelid and fka.attnum = con.conkey[pos.n] and con.conrelid = fkc.oid and con.contype = 'f' and pkic.relkind = 'i' and pkic.oid = con.conindid order by pkc.relname, con.conname, pos.n",
        "select con.conname, pkic.relname from pg_catalog.pg_constraint con, pg_catalog.pg_depend dep, pg_catalog.pg_class pkic where con.contype = 'f' and con.oid = dep.objid and pkic.oid = dep.refobjid and pkic.relkind = 'i' and dep.classid = 'pg_constraint'::regclass::oid and dep.refclassid = 'pg_class'::regclass::oid order by 1",
        "select tmp.index_name, tmp.ordinal_position, trim(both '\"' from pg_catalog.pg_get_indexdef(tmp.ci_oid, tmp.ordinal_position, false)) as column_name, case tmp.am_name when 'btree' then case tmp.i_indoption[tmp.ordinal_position - 1] & 1::smallint when 1 then 'D' else 'A' end else null end as asc_or_desc from (select ci.relname as index_name, (information_schema._pg_expandarray(i.indkey)).n as ordinal_position, ci.oid as ci_oid, i.indoption as i_indoption, am.amname as am_name from pg_catalog.pg_class ct join pg_catalog.pg_index i on (ct.oid = i.indrelid) join pg_catalog.pg_class ci on (ci.oid = i.indexrelid) join pg_catalog.pg_am am on (ci.relam = am.oid) where ct.relname = 'book') as tmp order by index_name, ordinal_position",
        "select nspname as table_schem from pg_catalog.pg_namespace where nspname <> 'pg_toast' and (nspname !~ '^pg_temp_' or nspname = (pg_catalog.current_schemas(true))[1]) and (nspname !~ '^pg_toast_temp_' or nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_')) and nspname <> 'fairlead' order by table_schem",
        // ActiveRecord: columns, keys, indexes and constraints.
        "select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, c.collname, attidentity as identity, attgenerated as attgenerated from pg_attribute a left join pg_type t on a.atttypid = t.oid left join pg_collation c on a.attcollation = c.oid and a.attcollation <> t.typcollation where a.attrelid = '\"book\"'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum",
        "select a.attname from (select indrelid, indkey, generate_subscripts(indkey, 1) idx from pg_index where indrelid = '\"shop\".\"item\"'::regclass and indisprimary) i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[i.idx] order by i.idx",
        "select distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), d.indisvalid, array(select pg_get_indexdef(d.indexrelid, k + 1, true) from generate_subscripts(d.indkey, 1) as k order by k) as columns from pg_class t inner join pg_index d on t.oid = d.indrelid inner join pg_class i on d.indexrelid = i.oid left join pg_namespace n on n.oid = t.relnamespace where i.relkind in ('i', 'I') and d.indisprimary = 'f' and t.relname = 'book' and n.nspname = any (current_schemas(false)) order by i.relname",
        "select t2.oid::regclass::text as to_table, a1.attname as column, a2.attname as primary_key, c.conname as name, c.condeferrable as deferrable, c.condeferred as deferred from pg_constraint c join pg_class t1 on c.conrelid = t1.oid join pg_class t2 on c.confrelid = t2.oid join pg_attribute a1 on a1.attnum = c.conkey[1] and a1.attrelid = t1.oid join pg_attribute a2 on a2.attnum = c.confkey[1] and a2.attrelid = t2.oid where c.contype = 'f' order by c.conname",
        "select c.conname, (select array_agg(a.attname order by idx) from (select idx, c.conkey[idx] as conkey_elem from generate_subscripts(c.conkey, 1) as idx) indexed join pg_attribute a on a.attrelid = t1.oid and a.attnum = indexed.conkey_elem) as names from pg_constraint c join pg_class t1 on c.conrelid = t1.oid where t1.relname in ('item', 'book') and c.contype <> 'c' order by c.conname",
        "select attr.attname, case when pg_get_expr(def.adbin, def.adrelid) !~* 'nextval' then null else split_part(pg_get_expr(def.adbin, def.adrelid), '''', 2) end from pg_class t join pg_attribute attr on (t.oid = attrelid) join pg_attrdef def on (adrelid = attrelid and adnum = attnum) join pg_constraint cons on (conrelid = adrelid and adnum = conkey[1]) where t.oid = '\"author\"'::regclass and cons.contype = 'p'",
        "select name, default_version, installed_version from pg_available_extensions where name = 'nope'",
        "select a.attname from pg_attribute a join pg_constraint c on a.attrelid = c.conrelid where c.conrelid = 'author'::regclass and c.contype = 'p' and a.attnum = any(c.conkey)",
        // information_schema, which Diesel and many tools read.
        "select * from information_schema.columns where table_name in ('author', 'book', 'item') order by table_name, ordinal_position",
        "select * from information_schema.tables where table_schema in ('public', 'shop') and table_type = 'BASE TABLE' order by table_name",
        "select * from information_schema.table_constraints where table_schema in ('public', 'shop') and constraint_name not like '%not_null' order by constraint_name",
        "select * from information_schema.key_column_usage where table_schema in ('public', 'shop') order by constraint_name, ordinal_position",
        "select * from information_schema.constraint_column_usage where table_schema in ('public', 'shop') and constraint_name not like '%not_null' order by constraint_name, column_name",
        "select * from information_schema.referential_constraints order by constraint_name",
        "select * from information_schema.sequences order by sequence_name",
        // Arrays as drivers send them for IN: their items are values of the type that they are compared with.
        "create table w (id int, n numeric, m numeric(6, 2), t text, b boolean, d date, f float8)",
        "insert into w values (1, 1.50, 2.5, '1', true, '2024-01-01', 1.5), (2, null, 3, '01', false, null, 2), (3, 2.0, null, null, null, '2024-02-02', null)",
        "select id from w where t = any('{1,2}') order by 1", "select id from w where t = any(array['01'])",
        "select id from w where n = any('{1.5,2}'::numeric[]) order by 1", "select id from w where m <> all('{2.50}')",
        "select id from w where b = any('{t}')", "select id from w where d = any('{2024-01-01,null}')",
        "select id from w where f = any('{1.50,Infinity}')", "select id from w where id = any('{1,x}')",
        "prepare eight(text[]) as select id from w where t = any($1)", "execute eight('{1}')",
        "prepare nine as select id from w where n = any($1) order by 1", "execute nine('{1.500,2}')",
        "select 1.5 = any('{1.50,2.5}'::numeric[]), '1' = any('{1,2}'::text[]), 1.5::float8 = any('{1.5}'::float8[])",
        "select array(select 1.50 union all select 2.0), array(select n from w order by id), array[1.50, 2]",
        "select author.id from author union select 7 order by id",
        "create index w_last on w (id desc nulls last)",
        "create index w_first on w (t nulls first, id desc nulls first)",
        #"\d w"#, "select indexdef from pg_indexes where tablename = 'w' order by 1",
        "select i.relname, x.indoption from pg_index x join pg_class i on i.oid = x.indexrelid where i.relname like 'w_%' order by 1",
        // Of an ORDER BY's names those of the result count first.
        "select author.id from author, book order by id",
        "select author.id as x, book.id as x from author, book order by x",
        "select author.id, title as name from author join book on author.id = book.author_id order by id desc, name",
    ]

    @Test("types, and the functions that read them, are told as a real server tells them")
    func types() async throws {
        try await ComparedPostgres.compare(
            Self.ofTypes,
            refused: ["select 'public'::regnamespace", "select 2200::regnamespace", "select 'now'::regproc"])
    }

    @Test("tables, keys, indexes and constraints are told as a real server tells them")
    func relations() async throws { try await ComparedPostgres.compare(Self.tables + Self.ofRelations) }
}
