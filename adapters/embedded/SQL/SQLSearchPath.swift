// search_path: in which schemas a name without a schema is looked for (PostgreSQL documentation, "The Schema Search Path").

import Capabilities
import Synchronization

/// The schemas of a search path, as the setting names them.
struct SQLSearchPath: Equatable {
    static let standard = SQLSearchPath(["$user", "public"])
    let names: [String]

    private init(_ names: [String]) { self.names = names }

    /// Reads the setting; nil when it is no list of names.
    init?(_ setting: String) {
        guard let names = SQLIdentifierList.names(setting) else { return nil }
        self.init(names)
    }
}

/// With what a name was looked up: when one of these has changed, it may mean something else.
struct SQLResolution: Equatable {
    var path = 0
    var definitions = 0
}

/// What all sessions with one store share beside the file.
final class SQLSharedState: Sendable {
    let advisoryLocks = SQLAdvisoryLocks()
    let rowSharing = SQLRowSharing()
    let sequences: SQLSequenceStore
    /// How often relations and schemas were made, changed and dropped.
    private let definitions = Atomic(0)

    init(sequences: SQLSequenceStore = SQLSequenceStore()) { self.sequences = sequences }

    var definitionCount: Int { definitions.load(ordering: .acquiring) }
    func noteDefinition() { definitions.add(1, ordering: .acquiringAndReleasing) }
}

/// Looks names up along a connection's search path.
struct SQLPathResolver {
    private let connection: SQLiteConnection
    /// The schemas of the path that there are, in order; `pg_temp` and `pg_catalog` where the path names them.
    let schemas: [String]

    init(_ connection: SQLiteConnection) throws(SQLFailure) {
        self.connection = connection
        let made = try connection.madeSchemas()
        schemas = connection.searchPath.names.compactMap { name in
            let name = name == "$user" ? connection.settings.user : name
            return made.contains(name) || ["public", "pg_temp", "pg_catalog", "information_schema"].contains(name)
                ? name : nil
        }
    }

    /// Whether names without a schema mean what SQLite takes them for: temporary tables, then public's.
    var isPlain: Bool { schemas.filter { $0 != "pg_catalog" } == ["public"] }

    /// Where new relations go; nil where there is no schema for them.
    var target: String? { schemas.first { $0 != "pg_catalog" && $0 != "information_schema" } }

    /// All schemas in the order in which they are searched.
    var searched: [String] {
        var all = schemas
        if !all.contains("pg_catalog") { all.insert("pg_catalog", at: 0) }
        if !all.contains("pg_temp") { all.insert("pg_temp", at: 0) }
        return all
    }

    /// The schema in which `name` is found first; nil where it is in none.
    func schema(of name: String) throws(SQLFailure) -> String? {
        for schema in searched where try holds(schema, name) { return schema }
        return nil
    }

    /// Whether a relation is found by its name alone.
    func isVisible(_ schema: String, _ name: String) throws(SQLFailure) -> Bool {
        guard searched.contains(schema) else { return false }
        return try self.schema(of: name) ?? schema == schema
    }

    /// Whether there is a relation or an index of this name in a schema.
    func holds(_ schema: String, _ name: String) throws(SQLFailure) -> Bool {
        let (database, stored): (String, String) =
            switch schema {
            case "pg_temp": ("temp", name)
            case "pg_catalog", "information_schema": (schema, name)
            case "public": ("main", name)
            default: ("main", SQLSchemaName.stored(schema, name))
            }
        return
            !(try connection.rows(
                "SELECT 1 FROM \(database).sqlite_master WHERE name = ?1 AND type IN ('table', 'view', 'index')",
                [.text(stored)])).isEmpty
    }
}

/// A statement's text with the schemas in it that its names without one mean.
struct SQLQualifiedText: Equatable {
    private(set) var text: [UInt8]
    /// What was put in, and where: in bytes of the new text.
    private var insertions: [(at: Int, count: Int)] = []

    static func == (left: SQLQualifiedText, right: SQLQualifiedText) -> Bool { left.text == right.text }

    init(_ text: [UInt8], on connection: SQLiteConnection) throws(SQLFailure) {
        self.text = text
        guard try !connection.hasPlainPath() else { return }
        let resolver = try SQLPathResolver(connection)
        let tokens = try SQLLexer.tokens(text)
        let names = SQLUnqualifiedNames(tokens)
        var found: [(start: Int, schema: String)] = []
        for (index, isNew) in names.places {
            let name = tokens[index].text
            if isNew {
                guard let target = resolver.target else {
                    throw SQLFailure("3F000", "no schema has been selected to create in", offset: tokens[index].start)
                }
                guard target != "pg_temp" else {
                    throw .refused(
                        .sqlQuery, "a relation that pg_temp in search_path makes temporary is not known here",
                        offset: tokens[index].start)
                }
                found.append((tokens[index].start, target))
            } else if let schema = try resolver.schema(of: name) {
                found.append((tokens[index].start, schema))
            } else if !resolver.schemas.contains("public"), try resolver.holds("public", name) {
                guard names.isTolerant else {
                    throw SQLFailure(
                        "42P01", "relation \"\(name)\" does not exist", offset: tokens[index].start)
                }
                found.append((tokens[index].start, resolver.target ?? "pg_temp"))
            }
        }
        for place in found.sorted(by: { $0.start > $1.start }) {
            let prefix = Array((SQLText.quoted(place.schema) + ".").utf8)
            self.text.insert(contentsOf: prefix, at: place.start)
            insertions = insertions.map { ($0.at + prefix.count, $0.count) }
            insertions.append((place.start, prefix.count))
        }
        insertions.sort { $0.at < $1.at }
    }

    /// The same failure with its place in the text that the client has sent.
    func original(_ failure: SQLFailure) -> SQLFailure {
        guard let offset = failure.offset else { return failure }
        var moved = failure
        var result = offset
        for insertion in insertions where insertion.at < offset {
            result -= min(insertion.count, offset - insertion.at)
        }
        moved.offset = result
        return moved
    }
}

/// Where a statement names relations without a schema.
struct SQLUnqualifiedNames {
    /// The places, and whether the relation is to be made there.
    private(set) var places: [(index: Int, isNew: Bool)] = []
    /// Whether what is not there is no mistake.
    private(set) var isTolerant = false

    /// Words that can stand where a relation's name does.
    private static let words: Set<String> = [
        "set", "select", "only", "if", "not", "exists", "concurrently", "lateral", "on", "where", "nowait", "skip",
        "of",
        "values", "default", "returning", "limit", "order", "group", "table", "view", "index", "cascade", "restrict",
        "column", "constraint", "rows", "unnest",
    ]

    init(_ tokens: [SQLToken]) {
        guard let first = tokens.first else { return }
        func isWord(_ index: Int, _ word: String) -> Bool {
            tokens.indices.contains(index) && tokens[index].isWord(word)
        }
        func isMark(_ index: Int, _ mark: String) -> Bool {
            tokens.indices.contains(index) && tokens[index].isMark(mark)
        }
        let queries = Self.withNames(tokens)
        let makes = first.isWord("create")
        // What is made, as a table, a view or an index.
        let kind =
            makes
            ? (1..<min(7, tokens.count)).first { index in
                ["table", "view", "index", "schema", "sequence"].contains { isWord(index, $0) }
            } : nil
        let isTemporary = (1..<(kind ?? 1)).contains { isWord($0, "temp") || isWord($0, "temporary") }
        isTolerant = isWord(2, "if") && isWord(3, "exists")
        if let kind, isWord(kind, "schema") { return }
        if first.isWord("drop"), isWord(1, "schema") { return }
        var made: Int?
        if let kind {
            var next = kind + 1
            while isWord(next, "concurrently") || isWord(next, "if") || isWord(next, "not") || isWord(next, "exists") {
                next += 1
            }
            made = next
        }
        for index in SQLTranslator.relationPlaces(tokens).keys.sorted() {
            let token = tokens[index]
            guard !isMark(index + 1, "."), !isMark(index - 1, ".") else { continue }
            if token.kind == .word, Self.words.contains(token.text) { continue }
            if index == made {
                // An index stands where its table does.
                if let kind, isWord(kind, "index") { continue }
                if !isTemporary { places.append((index, true)) }
                continue
            }
            let isInList =
                isWord(index - 1, "from") || isWord(index - 1, "join") || isMark(index - 1, ",")
                || isMark(index - 1, "(")
            // A function that gives rows.
            if isInList, isMark(index + 1, "("), !isWord(0, "truncate") { continue }
            if queries.contains(token.text) { continue }
            places.append((index, false))
        }
    }

    /// The names that WITH gives to queries.
    private static func withNames(_ tokens: [SQLToken]) -> Set<String> {
        guard tokens.contains(where: { $0.isWord("with") }) else { return [] }
        var names = Set<String>()
        for index in tokens.indices where tokens[index].isWord("as") && index > 0 {
            var next = index + 1
            while next < tokens.count, tokens[next].isWord("not") || tokens[next].isWord("materialized") { next += 1 }
            guard next < tokens.count, tokens[next].isMark("(") else { continue }
            var name = index - 1
            if tokens[name].isMark(")") {
                while name > 0, !tokens[name].isMark("(") { name -= 1 }
                name -= 1
            }
            if name >= 0, tokens[name].isName { names.insert(tokens[name].text) }
        }
        return names
    }
}
