// DROP and TRUNCATE, and what goes with what is dropped.

import Capabilities

extension SQLTranslator {
    /// `CASCADE` and `RESTRICT` at the end of `range`: nothing here hangs on a table but its own indexes.
    mutating func dropBehaviour(_ range: Range<Int>) {
        let last = range.upperBound - 1
        if rewrite.isWord(last, "restrict") || rewrite.isWord(last, "cascade") { rewrite.remove(last..<(last + 1)) }
    }

    mutating func drop() throws(SQLFailure) -> SQLCommand {
        if rewrite.isWord(1, "schema") { return try dropSchema() }
        if rewrite.isWord(1, "sequence") { return try dropSequence() }
        guard let kind = ["table", "view", "index"].first(where: { rewrite.isWord(1, $0) }) else {
            throw refused("DROP \(tokens.count > 1 ? tokens[1].text.uppercased() : "") is not known here", 0)
        }
        var next = 2
        if rewrite.isWord(next, "concurrently") { next += 1 }
        let isTolerant = rewrite.isWords(next, "if", "exists")
        if isTolerant { next += 2 }
        try names()
        let cascades = rewrite.isWord(tokens.count - 1, "cascade")
        dropBehaviour(tokens.indices)
        let head = "DROP \(kind.uppercased()) \(isTolerant ? "IF EXISTS " : "")"
        let pieces = rewrite.split(rewrite.rest(next))
        if isTolerant {
            for piece in pieces {
                guard
                    let last = piece.last(where: {
                        tokens[$0].isName && !rewrite.isEdited($0) || rewrite.isMark($0 - 1, ".")
                    })
                else { continue }
                skips.append(.relation(SQLSchemaName.stored(tokens, last), whenThere: false, kind: kind))
            }
        }
        if kind != "index" { try dropDependents(pieces, kind, cascades: cascades) }
        let owned = kind == "table" ? try sequences(of: pieces) : []
        let ordered =
            kind == "table" ? try childrenFirst(pieces, cascades: cascades) : (pieces: pieces, isCircle: false)
        let statements = ordered.pieces.map { head + rewrite.newText($0) }
        rewrite.replaceAll(statements.first ?? head)
        then = statements.dropFirst() + (ordered.isCircle ? [SQLReference.waits.after] : [])
        then += owned.map { "DROP VIEW IF EXISTS main.\(SQLText.quoted($0))" }
        return SQLCommand("DROP \(kind.uppercased())")
    }

    /// Tables to be dropped, those that refer to others of them first, unless they do so in a circle; fails where one is left
    /// that does.
    private mutating func childrenFirst(
        _ pieces: [Range<Int>], cascades: Bool
    ) throws(SQLFailure) -> (pieces: [Range<Int>], isCircle: Bool) {
        var places: [SQLTableKey: Range<Int>] = [:]
        var (keys, subject): ([SQLTableKey], String?) = ([], nil)
        for piece in pieces {
            let last = piece.last { tokens[$0].isName && (!rewrite.isEdited($0) || rewrite.isMark($0 - 1, ".")) }
            guard let last else { return (pieces, false) }
            let key = try tableKey(last)
            if places.updateValue(piece, forKey: key) == nil { keys.append(key) }
            subject = try shown(SQLSchemaName.stored(tokens, last))
        }
        let all = try references(around: keys)
        let others = references(to: keys, among: all)
        let what = pieces.count == 1 ? "table \(subject ?? "")" : "desired object(s)"
        let message = "cannot drop \(what) because other objects depend on \(pieces.count == 1 ? "it" : "them")"
        if !others.isEmpty {
            guard !cascades else {
                throw refused("DROP with CASCADE is not known here where a foreign key has to go", tokens.count - 1)
            }
            var details: [String] = []
            for other in others {
                details.append(
                    "constraint \(other.name) on table \(try shown(other.table)) depends on table \(try shown(other.target))"
                )
            }
            throw SQLFailure(
                "2BP01", message, detail: details.joined(separator: "\n"),
                hint: "Use DROP ... CASCADE to drop the dependent objects too.")
        }
        guardReferences(to: keys, "2BP01", message)
        let ordered = SQLReference.childrenFirst(keys, all)
        let isCircle = !SQLReference.isOrdered(ordered, all)
        if isCircle { first.append(SQLReference.waits.before) }
        return (ordered.compactMap { places[$0] }, isCircle)
    }

    /// The sequences that go with tables.
    private func sequences(of pieces: [Range<Int>]) throws(SQLFailure) -> [String] {
        var names: [String] = []
        for piece in pieces {
            let last = piece.last { tokens[$0].isName && (!rewrite.isEdited($0) || rewrite.isMark($0 - 1, ".")) }
            guard let last else { continue }
            names += try ownedSequences(SQLSchemaName.stored(tokens, last)).map(\.stored)
        }
        return names
    }

    /// Views that read what is dropped are dropped with it, or keep it from being dropped; SQLite would leave them broken.
    private mutating func dropDependents(
        _ pieces: [Range<Int>], _ kind: String, cascades: Bool
    ) throws(SQLFailure) {
        let dropped = pieces.compactMap { piece in
            piece.last { tokens[$0].isName && (!rewrite.isEdited($0) || rewrite.isMark($0 - 1, ".")) }
        }.map { SQLSchemaName.stored(tokens, $0) }
        for name in dropped where try columnTypes.schemas.sequence(name) != nil {
            throw SQLFailure(
                "42809", "\"\(SQLSchemaName.bare(name))\" is not a \(kind)",
                hint: "Use DROP SEQUENCE to remove a sequence.")
        }
        var all: [String] = []
        for name in dropped {
            let views = try columnTypes.schemas.dependents(name).filter { !dropped.contains($0) && !all.contains($0) }
            guard let last = views.last else { continue }
            guard cascades else {
                let subject = try shown(name)
                throw SQLFailure(
                    "2BP01", "cannot drop \(kind) \(subject) because other objects depend on it",
                    detail: "view \(try shown(last)) depends on \(kind) \(subject)",
                    hint: "Use DROP ... CASCADE to drop the dependent objects too.")
            }
            all += views
        }
        for view in all { first.append("DROP VIEW IF EXISTS main.\(SQLText.quoted(view))") }
        guard let one = all.last else { return }
        let message = all.count == 1 ? "view \(try shown(one))" : "\(all.count) other objects"
        skips.append(
            SQLSkip(subject: .nothing, whenThere: true, state: "00000", message: "drop cascades to \(message)"))
    }
}
