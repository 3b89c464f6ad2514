// What psycopg does with a translated backend, as a program that prints one line a step.

enum TranslatedPostgresProgram {
    static let text = #"""
        import re, psycopg, sys, datetime, decimal, uuid, threading, time
        from psycopg.types.json import Json
        dsn = f"host=127.0.0.1 port={sys.argv[1]} user=postgres dbname=postgres"
        def step(name, f):
            try:
                value = f()
                print(name, '=>', 'ok' if isinstance(value, psycopg.Cursor) else re.sub(r'tzinfo=[^)]*\)+', 'UTC)', str(value)))
            except Exception as e: print(name, '!!', type(e).__name__, getattr(e,'sqlstate',None), str(e).splitlines()[0])
        c = psycopg.connect(dsn, autocommit=True)
        step('version', lambda: c.info.server_version // 10000)
        step('drop', lambda: c.execute("drop table if exists kinds"))
        step('create', lambda: c.execute("create table kinds(id bigserial primary key, i int, s smallint, l bigint, f double precision, r real, n numeric(12,3), b boolean, t text, v varchar(10), d date, ts timestamp, tz timestamptz, tm time, u uuid, j json, jb jsonb, by bytea)"))
        u = uuid.UUID('12345678-1234-5678-1234-567812345678')
        vals = (1, 2, 2**40, 1.5, 2.25, decimal.Decimal('12.340'), True, 'héllo', 'abc', datetime.date(2024,2,29), datetime.datetime(2024,2,29,12,30,1,250000), datetime.datetime(2024,2,29,12,30,tzinfo=datetime.timezone(datetime.timedelta(hours=2))), datetime.time(1,2,3), u, Json({'a':[1,2]}), Json([1]), b'\x00\xff')
        cols = "i,s,l,f,r,n,b,t,v,d,ts,tz,tm,u,j,jb,by"
        q = f"insert into kinds({cols}) values ({','.join(['%s']*17)}) returning id"
        step('insert', lambda: c.execute(q, vals).fetchone())
        step('insert bin', lambda: c.execute(q.replace('%s','%b'), vals).fetchone())
        step('insert null', lambda: c.execute(q, (None,)*17).fetchone())
        for binary in (False, True):
            def sel():
                with c.cursor(binary=binary) as cur:
                    cur.execute(f"select id,{cols} from kinds order by id"); return [r for r in cur.fetchall()], [(x.name,x.type_code) for x in cur.description]
            step(f'select binary={binary}', sel)
            def arrays():
                with c.cursor(binary=binary) as cur:
                    given = ([1, None, 2], ['x"y', 'NULL', ''], [1.5, 2.0], [True], [datetime.date(2024, 2, 29)])
                    cur.execute("""select array[1,2,null], array['a','x,y',''], %s::int[], %s::text[], %s::float8[], %s::bool[],
                        %s::date[], '{}'::int8[], array(select i from kinds order by id limit 2)""", given)
                    return cur.fetchone(), [x.type_code for x in cur.description]
            step(f'arrays binary={binary}', arrays)
        step('params', lambda: c.execute("select * from kinds where i = %s and t = %s", (1,'héllo')).fetchone()[0])
        step('any', lambda: c.execute("select id from kinds where id = any(%s)", ([1,3],)).fetchall())
        step('anytext', lambda: c.execute("select id from kinds where v = any(%s)", (['abc','q"x'],)).fetchall())
        step('prepared', lambda: [c.execute("select %s + id from kinds where id=%s", (5,1), prepare=True).fetchone() for _ in range(3)])
        step('unique', lambda: c.execute("insert into kinds(id) values (1)"))
        step('types', lambda: c.execute("select 1, 2.5, 'x', null, true, now() is not null, count(*), sum(i), avg(f), max(ts) from kinds").fetchone())
        with psycopg.connect(dsn) as d:
            d.execute("insert into kinds(i) values (100)")
            step('tx', lambda: d.info.transaction_status)
            try:
                with d.transaction():
                    d.execute("insert into kinds(i) values (101)"); raise ValueError
            except ValueError: pass
            step('tx count', lambda: d.execute("select count(*) from kinds where i >= 100").fetchone())
            d.rollback()
            step('after rb', lambda: d.execute("select count(*) from kinds where i >= 100").fetchone())
        def pipe():
            with c.pipeline():
                a = c.execute("insert into kinds(i) values (%s) returning i", (7,)); b = c.execute("select count(*) from kinds")
                r = (a.fetchone(), b.fetchone())
            return r
        step('pipeline', pipe)
        def pipefail():
            with psycopg.connect(dsn) as d:
                try:
                    with d.pipeline():
                        a = d.execute("insert into kinds(i) values (777)"); b = d.execute("select nope"); cc = d.execute("select 1")
                except Exception as e: r = type(e).__name__
                d.rollback()
                return r, d.execute("select count(*) from kinds where i=777").fetchone()
        step('pipefail', pipefail)
        def named():
            with psycopg.connect(dsn) as d:
                with d.cursor(name='cur') as cur:
                    cur.execute("with recursive n(x) as (values(1) union all select x+1 from n where x<1000) select x from n")
                    a = cur.fetchmany(3); b = cur.fetchone(); rest = len(cur.fetchall()); return a, b, rest
        step('named cursor', named)
        def copyin():
            with c.cursor() as cur:
                with cur.copy("copy kinds(i,t) from stdin") as cp:
                    for i in range(1000): cp.write_row((i, f'row\t{i}'))
                n = cur.rowcount
                with cur.copy("copy (select t from kinds where t like 'row%' order by i limit 2) to stdout") as cp: rows = list(cp.rows())
                return n, rows
        step('copy', copyin)
        def copybad():
            with c.cursor() as cur:
                with cur.copy("copy kinds(i,t) from stdin") as cp:
                    cp.write("1\ta\nx\tb\n")
        step('copybad', copybad)
        step('after', lambda: c.execute("select count(*) from kinds where t='a'").fetchone())
        def canc():
            d = psycopg.connect(dsn, autocommit=True)
            threading.Timer(0.3, d.cancel).start(); t=time.time()
            try: d.execute("select pg_sleep(20)")
            except psycopg.errors.QueryCanceled as e: r = ('cancelled', e.sqlstate, time.time()-t < 3)
            return r, d.execute("select 1").fetchone()
        step('cancel', canc)
        def canc2():
            d = psycopg.connect(dsn, autocommit=True)
            threading.Timer(0.3, d.cancel).start(); t=time.time()
            try: d.execute("with recursive n(x) as (values(1) union all select x+1 from n) select count(*) from n")
            except psycopg.errors.QueryCanceled as e: return ('cancelled', e.sqlstate, time.time()-t < 3)
        step('cancel2', canc2)
        def tmo():
            c.execute("set statement_timeout = '100ms'")
            try: c.execute("select pg_sleep(5)")
            finally: c.execute("reset statement_timeout")
        step('timeout', tmo)
        def lock():
            a = psycopg.connect(dsn); b = psycopg.connect(dsn)
            a.execute("update kinds set i=1 where id=1")
            b.execute("select count(*) from kinds")
            b.execute("set lock_timeout='200ms'")
            try: b.execute("update kinds set i=2 where id=1")
            except Exception as e: r = (type(e).__name__, e.sqlstate)
            a.commit(); b.rollback(); b.execute("update kinds set i=2 where id=1"); b.commit(); return r
        step('lock', lock)
        def serial():
            a = psycopg.connect(dsn); b = psycopg.connect(dsn)
            a.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            a.execute("select count(*) from kinds").fetchone()
            b.execute("update kinds set i=3 where id=1"); b.commit()
            try: a.execute("update kinds set i=4 where id=1")
            except Exception as e: r= (type(e).__name__, e.sqlstate)
            a.rollback(); return r
        step('serializable', serial)
        step('readonly', lambda: c.execute("begin read only; insert into kinds(i) values (1)"))
        step('rb', lambda: c.execute("rollback"))
        step('multi', lambda: c.execute("insert into kinds(i) values (5000); select nope"))
        step('multi cnt', lambda: c.execute("select count(*) from kinds where i=5000").fetchone())
        """#
}
