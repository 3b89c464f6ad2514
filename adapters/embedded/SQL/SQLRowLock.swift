// Locks of rows: FOR UPDATE and its kin (manual, "The Locking Clause").

import Capabilities
import Synchronization

/// What a statement asks for that locks the rows that it reads; one lock for the whole database keeps more than that.
struct SQLRowLock: Equatable {
    enum Patience {
        case waits
        /// `NOWAIT`
        case fails
        /// `SKIP LOCKED`
        case skips
    }

    /// Whether others may have it too: `FOR SHARE`.
    var isShared: Bool
    var patience = Patience.waits

    /// This one and another in one statement.
    func joined(with other: SQLRowLock) -> SQLRowLock {
        let both = [patience, other.patience]
        return SQLRowLock(
            isShared: isShared && other.isShared,
            patience: both.contains(.fails) ? .fails : both.contains(.skips) ? .skips : .waits)
    }
}

extension SQLTranslator {
    /// What can stand behind such a clause.
    static let lockEnds: Set<String> = ["for", "limit", "offset", "fetch"]

    private static let strengths = [["update"], ["no", "key", "update"], ["share"], ["key", "share"]]

    /// Reads `FOR UPDATE [OF t] [NOWAIT | SKIP LOCKED]` and takes it away.
    mutating func lockClause(_ index: Int) throws(SQLFailure) {
        var end = index + 1
        var lock = SQLRowLock(isShared: !rewrite.isWord(end, "update") && !rewrite.isWord(end, "no"))
        let strength = Self.strengths.first { words in
            words.indices.allSatisfy { rewrite.isWord(index + 1 + $0, words[$0]) }
        }
        guard let strength else { throw rewrite.syntaxError(end) }
        end += strength.count
        if rewrite.isWord(end, "of") {
            repeat {
                guard end + 1 < tokens.count, tokens[end + 1].isName else { throw rewrite.syntaxError(end + 1) }
                end += 2
                while rewrite.isMark(end, "."), end + 1 < tokens.count { end += 2 }
            } while rewrite.isMark(end, ",")
        }
        if rewrite.isWord(end, "nowait") {
            lock.patience = .fails
            end += 1
        } else if rewrite.isWords(end, "skip", "locked") {
            lock.patience = .skips
            end += 2
        }
        guard end >= tokens.count || tokens[end].isMark(")") || Self.lockEnds.contains(tokens[end].text) else {
            throw rewrite.syntaxError(end)
        }
        if hasOneQuery, tokens.indices.contains(where: isAggregate) {
            throw SQLFailure(
                "0A000", "FOR UPDATE is not allowed with aggregate functions", offset: tokens[index].start)
        }
        if hasOneQuery,
            let clause = ["group", "distinct", "having"].first(where: { word in
                tokens.indices.contains { rewrite.isWord($0, word) && !rewrite.isWord($0 + 1, "from") }
            })
        {
            let words = ["group": "GROUP BY clause", "distinct": "DISTINCT clause", "having": "HAVING clause"]
            throw SQLFailure(
                "0A000", "FOR UPDATE is not allowed with \(words[clause] ?? clause)", offset: tokens[index].start)
        }
        rowLock = rowLock?.joined(with: lock) ?? lock
        rewrite.remove(index..<end)
        if lock.patience == .skips { try skipRows(index, end) }
    }

    /// Has the query give no rows while somebody else has the write lock: all of them count as locked.
    private mutating func skipRows(_ index: Int, _ end: Int) throws(SQLFailure) {
        if let limit = clause("limit", around: index) {
            rewrite.wrap((limit + 1)...(clauseEnd(limit + 1) - 1), "fairlead_free(", ")", level: 1)
        } else if let other = clause("offset", around: index) ?? clause("fetch", around: index) {
            throw refused(
                "SKIP LOCKED beside \(tokens[other].text.uppercased()) and without LIMIT is not known here", other)
        } else {
            rewrite.replace(index, "LIMIT fairlead_free(-1)")
        }
    }

    /// The clause of the query that a word belongs to.
    private func clause(_ word: String, around index: Int) -> Int? {
        for step in [-1, 1] {
            var (depth, place) = (0, index)
            while tokens.indices.contains(place) {
                let token = tokens[place]
                if token.isMark("(") { depth += step }
                if token.isMark(")") { depth -= step }
                if depth < 0 || depth == 0 && token.isWord("select") { break }
                if depth == 0, token.isWord(word) { return place }
                place += step
            }
        }
        return nil
    }
}

/// Who has the write lock only to share rows, and has changed nothing.
struct SQLRowSharing: ~Copyable {
    private let owner = Mutex<ObjectIdentifier?>(nil)

    var isShared: Bool { owner.withLock { $0 != nil } }
    func begin(_ owner: ObjectIdentifier) { self.owner.withLock { $0 = owner } }
    func end(_ owner: ObjectIdentifier) { self.owner.withLock { if $0 == owner { $0 = nil } } }
}
