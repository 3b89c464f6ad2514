// Which sequences there are: by name, by what columns' defaults call them, and by their tables.

import Capabilities

/// A sequence with SQLite's name for it.
struct SQLNamedSequence: Equatable {
    var stored: String
    var sequence: SQLSequence
    var name: String { SQLSchemaName.bare(stored) }
    /// As a default shows it.
    var shown: String {
        let (schema, name) = SQLSchemaName.split(stored)
        return schema == "public" ? name : "\(schema).\(name)"
    }
}

/// The sequences that a connection has looked up, as long as no relation changes.
struct SQLSequenceCache {
    var at = SQLResolution()
    var byID: [String: SQLNamedSequence] = [:]
    var byName: [String: SQLNamedSequence] = [:]
    /// What nextval has given this session, by id, and what it gave last.
    var given: [String: Int64] = [:]
    var last: String?
}

extension SQLiteConnection {
    private func refreshSequences() {
        let now = resolution
        guard sequences.at != now else { return }
        (sequences.at, sequences.byID, sequences.byName) = (now, [:], [:])
    }

    /// The sequence that SQLite calls `stored`; nil where that is none.
    func sequence(stored: String) throws(SQLFailure) -> SQLNamedSequence? {
        let rows = try rows("SELECT sql FROM main.sqlite_master WHERE type = 'view' AND name = ?1", [.text(stored)])
        return rows.first?.first?.string.flatMap { SQLSequence(definition: $0) }
            .map { SQLNamedSequence(stored: stored, sequence: $0) }
    }

    /// The sequence of an id.
    func sequence(id: String) throws(SQLFailure) -> SQLNamedSequence {
        refreshSequences()
        if let known = sequences.byID[id] { return known }
        let rows = try rows(
            "SELECT name, sql FROM main.sqlite_master WHERE type = 'view' AND instr(sql, ?1)",
            [.text("/*sequence \(id):")])
        guard let stored = rows.first?[0].string,
            let sequence = rows.first?[1].string.flatMap({ SQLSequence(definition: $0) })
        else { throw SQLFailure("42P01", "the sequence of this column does not exist") }
        let found = SQLNamedSequence(stored: stored, sequence: sequence)
        if !transaction.isOpen { sequences.byID[id] = found }
        return found
    }

    /// The sequence that a text names, or the number of a relation does.
    func sequence(_ value: SQLValue) throws(SQLFailure) -> SQLNamedSequence? {
        refreshSequences()
        if case .integer(let number) = value {
            let rows = try rows(
                "SELECT name, sql FROM main.sqlite_master WHERE rowid = ?1",
                [.integer(number &- SQLCatalog.firstNumber)]
            )
            guard let stored = rows.first?[0].string else {
                throw SQLFailure("XX000", "could not open relation with OID \(number)")
            }
            return try named(stored)
        }
        guard let text = value.string else { return nil }
        if let known = sequences.byName[text] { return known }
        guard let parts = Self.parts(text), parts.count <= 2, let name = parts.last else {
            throw SQLFailure("42602", "invalid name syntax")
        }
        var schema = parts.count == 2 ? parts[0] : nil
        if schema == nil, try !hasPlainPath() { schema = try SQLPathResolver(self).schema(of: name) }
        let isOther = schema.map { !SQLSchemaName.builtIn.contains($0) } ?? false
        let stored = isOther ? SQLSchemaName.stored(schema ?? "", name) : name
        let exists = try rows("SELECT 1 FROM main.sqlite_master WHERE name = ?1", [.text(stored)])
        guard !exists.isEmpty else { throw SQLFailure("42P01", "relation \"\(text)\" does not exist") }
        let found = try named(stored)
        if !transaction.isOpen { sequences.byName[text] = found }
        return found
    }

    private func named(_ stored: String) throws(SQLFailure) -> SQLNamedSequence {
        guard let found = try sequence(stored: stored) else {
            throw SQLFailure("42809", "\"\(SQLSchemaName.bare(stored))\" is not a sequence")
        }
        return found
    }

    /// The parts of a name with points in it, words in small letters.
    static func parts(_ text: String) -> [String]? {
        var parts: [String] = []
        var rest = Substring(text)
        while true {
            var name = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while let character = rest.popFirst() {
                    if character == "\"" {
                        guard rest.first == "\"" else { break }
                        rest.removeFirst()
                    }
                    name.append(character)
                }
            } else {
                while let character = rest.first, character != "." {
                    name += character.lowercased()
                    rest.removeFirst()
                }
            }
            guard !name.isEmpty else { return nil }
            parts.append(name)
            guard !rest.isEmpty else { return parts }
            guard rest.removeFirst() == ".", parts.count < 3 else { return nil }
        }
    }

    /// The keys of all sequences.
    func sequenceKeys() throws(SQLFailure) -> Set<String> {
        let rows = try rows("SELECT sql FROM main.sqlite_master WHERE type = 'view' AND instr(sql, '/*sequence ')")
        return Set(rows.compactMap { $0[0].string.flatMap { SQLSequence(definition: $0) }?.key })
    }

    /// The sequences that a table's columns count by, and the tables that count by a sequence.
    func sequences(of table: String) throws(SQLFailure) -> [SQLNamedSequence] {
        let rows = try rows("SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?1", [.text(table)])
        var found: [SQLNamedSequence] = []
        for id in SQLSequence.ids(in: rows.first?.first?.string ?? "") {
            if let one = try? sequence(id: id) { found.append(one) }
        }
        return found
    }

    func tables(countingBy id: String) throws(SQLFailure) -> [String] {
        try rows(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND instr(sql, ?1)",
            [.text("fairlead_nextval('\(id)'")]
        ).compactMap { $0[0].string }
    }
}
