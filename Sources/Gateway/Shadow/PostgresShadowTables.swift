// Which tables a PostgreSQL database has, and which others a statement about one of them may read or change.

import Capabilities
import PostgresWire

/// The tables of one database by their names, in whatever schema, so that the words of a statement tell what it touches.
struct PostgresShadowTables: Sendable {
    /// A table whose rows can be copied.
    struct Table: Sendable {
        let key: UInt64
        /// Both quoted where they need be.
        let schema: String
        let name: String
        /// Its columns, quoted, in order, but for those that are computed.
        let columns: String
        /// Whether others refer to it, or something happens when it is written.
        let isLinked: Bool
    }

    /// What a statement may read and write.
    struct Effect {
        var reads: Set<UInt64> = []
        var writes: Set<UInt64> = []
        /// Whether it may write anything.
        var isWide = false
    }

    private(set) var list: [Table] = []
    /// Those of what has rows of its own; parts of a table have its key.
    private var keys: [String: UInt64] = [:]
    private var names: Set<String> = []
    /// By a name: what reading it reads, what writing it writes, and what decides how that ends.
    private var reads: [String: Set<UInt64>] = [:]
    private var writes: [String: Set<UInt64>] = [:]
    private var needs: [String: Set<UInt64>] = [:]
    /// Names of what may do anything when it is written.
    private var open: Set<String> = []
    private var all: Set<UInt64> = []
    /// Names of what is numbered, or does something else, row by row as it is written.
    private var numbered: Set<String> = []

    /// Tables of a database, and databases.
    static let limit = 2048
    static let databaseLimit = 8

    // MARK: - What statements touch

    /// What a statement may touch where the tables are not known: anything, for which `any` stands.
    static func unknown(_ reach: PostgresReach, writes: Bool, _ any: UInt64) -> Effect {
        if writes, reach.isOpen { return Effect(isWide: true) }
        return writes ? Effect(writes: [any]) : Effect(reads: [any])
    }

    /// What a statement may touch; of a session with tables of its own, which are not here.
    func effect(of reach: PostgresReach, writes isWrite: Bool, isOwn: Bool) -> Effect {
        let named = reach.words.intersection(names)
        let isOpen = reach.isOpen || !reach.calls.isSubset(of: names)
        var effect = Effect()
        guard isWrite else {
            if isOpen { effect.reads = all } else { for name in named { effect.reads.formUnion(reads[name] ?? []) } }
            return effect
        }
        let targets = reach.target.map { names.contains($0) ? [$0] : [] } ?? named
        effect.isWide =
            isOpen || targets.isEmpty && !isOwn && !reach.words.isEmpty || targets.contains { open.contains($0) }
        guard !effect.isWide else { return effect }
        for name in named { effect.reads.formUnion(reads[name] ?? []) }
        for name in targets {
            effect.writes.formUnion(writes[name] ?? [])
            effect.reads.formUnion(needs[name] ?? [])
        }
        return effect
    }

    /// Whether rows that are written to what has this name are the same in whatever order they come.
    func isOrderFree(_ name: String) -> Bool {
        names.contains(name) && !numbered.contains(name) && !open.contains(name)
    }

    // MARK: - What is made meanwhile

    /// Rows of all that a statement names.
    func named(in reach: PostgresReach) -> Set<UInt64> {
        reach.words.intersection(names).reduce(into: []) { $0.formUnion(writes[$1] ?? []) }
    }

    /// Something is changed by a statement with these words.
    mutating func change(_ reach: PostgresReach) {
        if !reach.words.isDisjoint(with: Self.numbering) { numbered.formUnion(reach.words.intersection(names)) }
    }

    /// Something is made, or has a new name, and the words of the statement tell what it may lead to; false where there is no room.
    mutating func define(_ name: String, _ key: UInt64, _ reach: PostgresReach) -> Bool {
        guard names.count < Self.limit || names.contains(name) else { return false }
        let others = reach.words.intersection(names).subtracting([name])
        var (read, written) = (Set([key]), Set([key]))
        for other in others {
            read.formUnion(reads[other] ?? [])
            written.formUnion(writes[other] ?? [])
            // What refers to it may go with it.
            writes[other, default: []].insert(key)
            needs[other, default: []].insert(key)
        }
        reads[name, default: []].formUnion(read)
        writes[name, default: []].formUnion(written)
        needs[name, default: []].formUnion(written)
        keys[name] = key
        names.insert(name)
        all.insert(key)
        if !others.isDisjoint(with: numbered) { numbered.insert(name) }
        change(reach)
        return true
    }

    /// Words that give a table columns which are numbered, or those of another.
    private static let numbering: Set<String> = [
        "serial", "serial2", "serial4", "serial8", "smallserial", "bigserial", "generated", "nextval", "default",
        "inherits", "inherit", "partition", "like",
    ]

    // MARK: - What the server says

    /// Asks for rows of a kind and three names or texts: tables (`r`, with schema and columns), what has rows that cannot be copied
    /// (`o`), views (`v`), partitions (`p`), tables of which one is a part of the other (`i`), foreign keys (`f`, with what they do),
    /// what views are made of (`d`), what happens on a write (`t`, with language and source), and what numbers its rows (`n`).
    static let question = """
        with n as (select oid, nspname from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
        select 'r', c.relname, quote_ident(n.nspname), coalesce((select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
          from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '')
          from pg_catalog.pg_class c join n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and not c.relispartition
        union all select case when c.relispartition then 'p' when c.relkind = 'v' then 'v' else 'o' end, c.relname, '', ''
          from pg_catalog.pg_class c join n on n.oid = c.relnamespace
          where c.relkind in ('v', 'm', 'f') or c.relkind in ('r', 'p') and c.relispartition
        union all select 'i', p.relname, c.relname, '' from pg_catalog.pg_inherits i
          join pg_catalog.pg_class p on p.oid = i.inhparent join pg_catalog.pg_class c on c.oid = i.inhrelid
        union all select 'f', c.relname, p.relname, f.confdeltype::text || f.confupdtype::text from pg_catalog.pg_constraint f
          join pg_catalog.pg_class c on c.oid = f.conrelid join pg_catalog.pg_class p on p.oid = f.confrelid where f.contype = 'f'
        union all select 't', c.relname, l.lanname, p.prosrc from pg_catalog.pg_trigger t
          join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_proc p on p.oid = t.tgfoid
          join pg_catalog.pg_language l on l.oid = p.prolang where not t.tgisinternal
        union all select 't', c.relname, '', '' from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
          where r.rulename <> '_RETURN'
        union all select distinct 'n', c.relname, '', '' from pg_catalog.pg_attribute a
          join pg_catalog.pg_class c on c.oid = a.attrelid join n on n.oid = c.relnamespace
          left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          where a.attnum > 0 and not a.attisdropped
          and (a.attidentity <> '' or pg_catalog.pg_get_expr(d.adbin, d.adrelid) like '%nextval(%')
        union all select distinct 'd', v.relname, b.relname, '' from pg_catalog.pg_rewrite r
          join pg_catalog.pg_class v on v.oid = r.ev_class join pg_catalog.pg_depend d on d.objid = r.oid
          and d.classid = 'pg_catalog.pg_rewrite'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          join pg_catalog.pg_class b on b.oid = d.refobjid where d.refobjid <> v.oid
        """

    /// The tables that an answer to ``question`` tells of; nil where it is none, or tells of too many.
    init?(_ rows: [[String]], key: (String) -> UInt64) {
        var links = Links()
        var tables: [(name: String, schema: String, columns: String)] = []
        var parts: Set<String> = []
        for row in rows {
            guard row.count == 4 else { return nil }
            switch row[0] {
            case "r":
                tables.append((row[1], row[2], row[3]))
                keys[row[1]] = key(row[1])
            case "o": keys[row[1]] = key(row[1])
            case "v": names.insert(row[1])
            case "p": parts.insert(row[1])
            case "i": links.join(row[1], row[2])
            case "d": links.base(of: row[1], row[2])
            case "f": links.refer(from: row[1], to: row[2], actions: row[3])
            case "n": numbered.insert(row[1])
            case "t": links.triggers.append((row[1], row[2], row[3]))
            default: return nil
            }
        }
        for part in parts { keys[part] = keys[links.root(of: part)] ?? key(part) }
        names.formUnion(keys.keys)
        guard names.count <= Self.limit else { return nil }
        all = Set(keys.values)
        for (table, language, source) in links.triggers {
            numbered.insert(table)
            let reach = PostgresReach(function: Array(source.utf8).span)
            let isKnown = ["plpgsql", "sql"].contains(language) && !reach.isOpen
            guard isKnown, reach.calls.isSubset(of: names) else {
                open.insert(table)
                continue
            }
            for word in reach.words.intersection(names) { links.write(table, word) }
        }
        let known = keys
        func hashes(_ names: Set<String>) -> Set<UInt64> { Set(names.compactMap { known[$0] }) }
        let (opening, ordered) = (open, numbered)
        for name in names {
            reads[name] = hashes(links.closure(of: [name], links.reads))
            let written = links.closure(of: [name], links.writes)
            writes[name] = hashes(written)
            needs[name] = hashes(written.union(written.flatMap { links.neighbours[$0] ?? [] }))
            if !written.isDisjoint(with: opening) { open.insert(name) }
            if !written.isDisjoint(with: ordered) { numbered.insert(name) }
        }
        let quoted = Self.quoted
        list = tables.map { table in
            Table(
                key: known[table.name] ?? 0, schema: table.schema, name: quoted(table.name), columns: table.columns,
                isLinked: links.isLinked(table.name))
        }
    }

    private static func quoted(_ name: String) -> String { SQLQuoting.name(name) }
}

/// What leads from one name to another.
private struct Links {
    var reads: [String: Set<String>] = [:]
    var writes: [String: Set<String>] = [:]
    /// Tables of which one refers to the other.
    var neighbours: [String: Set<String>] = [:]
    var triggers: [(table: String, language: String, source: String)] = []
    private var wholes: [String: String] = [:]

    /// The table of which `part` is a part, or one of its parts.
    func root(of part: String) -> String {
        var (name, steps) = (part, 0)
        while let whole = wholes[name], steps < 16 { (name, steps) = (whole, steps + 1) }
        return name
    }

    /// `part` has some of the rows of `whole`.
    mutating func join(_ whole: String, _ part: String) {
        wholes[part] = whole
        base(of: whole, part)
        write(part, whole)
        reads[part, default: []].insert(whole)
    }

    mutating func base(of name: String, _ other: String) {
        reads[name, default: []].insert(other)
        write(name, other)
    }

    mutating func write(_ name: String, _ other: String) { writes[name, default: []].insert(other) }

    /// `actions` are those of pg_constraint for a deletion and for an update; `a` and `r` change nothing there.
    mutating func refer(from child: String, to parent: String, actions: String) {
        neighbours[child, default: []].insert(parent)
        neighbours[parent, default: []].insert(child)
        if actions.contains(where: { !"ar".contains($0) }) { write(parent, child) }
    }

    func isLinked(_ name: String) -> Bool {
        neighbours[name] != nil || triggers.contains { $0.table == name }
    }

    func closure(of names: Set<String>, _ next: [String: Set<String>]) -> Set<String> {
        var found = names
        var open = Array(names)
        while let name = open.popLast() {
            for other in next[name] ?? [] where found.insert(other).inserted { open.append(other) }
        }
        return found
    }
}
