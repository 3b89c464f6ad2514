// What psql's backslash commands, SQLAlchemy and Django ask about a schema, over the embedded database and of a real server.

import Testing

@Suite("The catalogue over the embedded database")
struct TranslatedPostgresCatalogTests {
    private static let statements = [
        "create table author (id serial primary key, name text not null unique, born date, active boolean not null default true, constraint name_is_long check (length(name) > 1))",
        "create table book (id int generated always as identity, author_id int not null constraint written_by references author (id) on delete cascade, title text default 'none', n int default -1 check (n > 0), isbn varchar(13) default 'x', tags jsonb default '{}', made timestamptz default now(), twice int generated always as (n * 2) stored, constraint book_key primary key (id), check (n <> 50), constraint one_title unique (author_id, title))",
        "create table loan (a int, b int, check (a > 0 and b is not null or not a > 9))", #"\d loan"#,
        "create index book_title on book (title)",
        "create index book_few on book (n) where n < 5",
        "create unique index book_isbn on book (isbn desc)",
        "create index book_lower on book (lower(title))",
        "create view titles as select id, title from book",
        "create sequence tickets start 100 increment 5",
        "create schema shop",
        "create table shop.item (sku text, place int, qty int default 0, primary key (sku, place), foreign key (place) references author (id) on update cascade on delete set null)",
        #"\d"#,
        #"\dt"#,
        #"\di"#,
        #"\ds"#,
        #"\dv"#,
        #"\df"#,
        #"\dt shop.*"#,
        #"\dT"#,
        #"\dD"#,
        #"\d author"#,
        #"\d book"#,
        #"\d titles"#,
        #"\d tickets"#,
        #"\d author_id_seq"#,
        #"\d shop.item"#,
        #"\d book_title"#,
        #"\d book_few"#,
        #"\d book_key"#,
        #"\dp"#,
        "insert into book (author_id, n) values (1, 0)",
        "insert into author (name) values ('ann')",
        "insert into book (author_id, n) values (9, 7)",
        "select conname, contype, pg_get_constraintdef(oid), pg_get_constraintdef(oid, true), conkey, confkey, confupdtype, confdeltype from pg_constraint where conrelid in (select oid from pg_class where relname in ('author', 'book', 'item')) order by conname",
        "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1",
        "select i.relname, x.indkey, x.indoption, x.indexprs is null, pg_get_expr(x.indpred, x.indrelid) from pg_index x join pg_class i on i.oid = x.indexrelid where i.relname like 'book%' order by 1",
        "select constraint_name, constraint_type from information_schema.table_constraints where table_schema = 'public' and constraint_name not like '%not_null' order by 1",
        "select constraint_name, check_clause from information_schema.check_constraints where constraint_schema = 'public' and constraint_name not like 'loan%' and constraint_name not like '%not_null' order by 1",
        "select a.attname, pg_get_expr(d.adbin, d.adrelid), a.attgenerated from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = 'book'::regclass and a.attnum > 0 order by a.attnum",
        "select attr.conname, array_agg(cast(attr.attname as text) order by attr.ord) as cols, min(attr.indnkeyatts) from (select con.conname as conname, con.ord as ord, con.indnkeyatts as indnkeyatts, pg_catalog.pg_attribute.attname as attname from pg_catalog.pg_attribute join (select pg_catalog.pg_constraint.conrelid as conrelid, pg_catalog.pg_constraint.conname as conname, unnest(pg_catalog.pg_index.indkey) as attnum, generate_subscripts(pg_catalog.pg_index.indkey, 1) as ord, pg_catalog.pg_index.indnkeyatts as indnkeyatts from pg_catalog.pg_constraint join pg_catalog.pg_index on pg_catalog.pg_constraint.conindid = pg_catalog.pg_index.indexrelid left outer join pg_catalog.pg_description on pg_catalog.pg_description.objoid = pg_catalog.pg_constraint.oid and pg_catalog.pg_description.classoid = cast('pg_catalog.pg_constraint' as regclass) where pg_catalog.pg_constraint.contype in ('p', 'u') and pg_catalog.pg_constraint.conname not like 'pg%') as con on pg_catalog.pg_attribute.attnum = con.attnum and pg_catalog.pg_attribute.attrelid = con.conrelid) as attr group by attr.conname order by attr.conname",
        "select pg_catalog.pg_class.relname, idx_cols.elements, idx_cols.elements_is_expr from pg_catalog.pg_index join pg_catalog.pg_class on pg_catalog.pg_index.indexrelid = pg_catalog.pg_class.oid left outer join (select idx_attr.indexrelid as indexrelid, array_agg(idx_attr.element order by idx_attr.ord) as elements, array_agg(idx_attr.is_expr order by idx_attr.ord) as elements_is_expr from (select idx.indexrelid as indexrelid, idx.ord as ord, case when (idx.attnum = 0) then pg_catalog.pg_get_indexdef(idx.indexrelid, idx.ord + 1, true) else cast(pg_catalog.pg_attribute.attname as text) end as element, idx.attnum = 0 as is_expr from (select pg_catalog.pg_index.indexrelid as indexrelid, pg_catalog.pg_index.indrelid as indrelid, unnest(pg_catalog.pg_index.indkey) as attnum, unnest(pg_catalog.pg_index.indclass) as att_opclass, generate_subscripts(pg_catalog.pg_index.indkey, 1) as ord from pg_catalog.pg_index where not pg_catalog.pg_index.indisprimary) as idx left outer join pg_catalog.pg_attribute on pg_catalog.pg_attribute.attnum = idx.attnum and pg_catalog.pg_attribute.attrelid = idx.indrelid) as idx_attr group by idx_attr.indexrelid) as idx_cols on pg_catalog.pg_index.indexrelid = idx_cols.indexrelid where pg_catalog.pg_class.relname like 'book%' and not pg_catalog.pg_index.indisprimary order by 1",
        "select s.relname, a.attname from pg_class s join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass join pg_attribute a on d.refobjid = a.attrelid and d.refobjsubid = a.attnum join pg_class tbl on tbl.oid = d.refobjid where s.relkind = 'S' order by 1",
        "select a1.attname, c2.relname, a2.attname from pg_constraint con left join pg_class c1 on con.conrelid = c1.oid left join pg_class c2 on con.confrelid = c2.oid left join pg_attribute a1 on c1.oid = a1.attrelid and a1.attnum = con.conkey[1] left join pg_attribute a2 on c2.oid = a2.attrelid and a2.attnum = con.confkey[1] where con.contype = 'f' order by 1",
        "select c.conname, array(select attname from unnest(c.conkey) with ordinality cols(colid, arridx) join pg_attribute as ca on cols.colid = ca.attnum where ca.attrelid = c.conrelid order by cols.arridx), c.contype, (select fkc.relname || '.' || fka.attname from pg_attribute as fka join pg_class as fkc on fka.attrelid = fkc.oid where fka.attrelid = c.confrelid and fka.attnum = c.confkey[1]) from pg_constraint as c join pg_class as cl on c.conrelid = cl.oid where cl.relname in ('author', 'book', 'item') order by 1",
        "select indexname, array_agg(attname order by arridx), indisunique, indisprimary, array_agg(ordering order by arridx), amname, exprdef from (select c2.relname as indexname, idx.*, attr.attname, am.amname, case when idx.indexprs is not null then pg_get_indexdef(idx.indexrelid) end as exprdef, case am.amname when 'btree' then case (option & 1) when 1 then 'DESC' else 'ASC' end end as ordering from (select * from pg_index i, unnest(i.indkey, i.indoption) with ordinality koi(key, option, arridx)) idx left join pg_class c on idx.indrelid = c.oid left join pg_class c2 on idx.indexrelid = c2.oid left join pg_am am on c2.relam = am.oid left join pg_attribute attr on attr.attrelid = c.oid and attr.attnum = idx.key where c.relname = 'book') s2 group by indexname, indisunique, indisprimary, amname, exprdef order by 1",
        "select typname, typarray = 1007, typdelim from pg_type t where t.oid = to_regtype('integer')",
        // What ActiveRecord and Postgrex ask of types before anything else.
        "select t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype from pg_type as t left join pg_range as r on oid = rngtypid where t.typname in ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool', 'bytea', 'date', 'timestamp', 'timestamptz', 'time', 'uuid', 'json', 'jsonb', 'text', 'varchar', 'bpchar', 'regclass', '_int4', '_text') order by 1",
        "select t.oid, t.typname, t.typsend, t.typreceive, t.typoutput, t.typinput, coalesce(d.typelem, t.typelem), coalesce(r.rngsubtype, 0), array(select a.atttypid from pg_attribute as a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum) from pg_type as t left join pg_type as d on t.typbasetype = d.oid left join pg_range as r on r.rngtypid = t.oid or (t.typbasetype <> 0 and r.rngtypid = t.typbasetype) where t.typname in ('int4', 'text', 'bool', 'numeric', 'timestamptz', 'char', 'void', '_text') order by 1",
        "select to_regtype('hstore'), 'author'::regclass::text, 'shop.item'::regclass::text, 1259::regclass::text",
    ]

    @Test("tables, keys, checks, defaults, indexes, sequences and views are shown as a real server shows them")
    func differential() async throws {
        try await ComparedPostgres.compare(Self.statements)
    }
}
