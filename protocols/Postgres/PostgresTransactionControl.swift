// What a statement does with the transaction around it, by its words.

/// The part of a statement in a transaction (manual, "BEGIN" and the pages that it names).
package enum PostgresTransactionControl: Sendable, Equatable {
    case begin
    /// COMMIT, ROLLBACK, and their other names.
    case end
    /// Savepoints, and settings that go with the transaction.
    case within

    /// Nil where `words` do something else, or where a transaction begins with the end of another.
    init?(_ words: [String]) {
        switch words.first {
        case "begin": self = .begin
        case "start" where words.dropFirst().first == "transaction": self = .begin
        case "savepoint", "release": self = .within
        case "rollback" where words.dropFirst().contains("to"): self = .within
        case "commit", "end", "rollback", "abort":
            if words.contains("chain"), !words.contains("no") { return nil }
            self = .end
        default: return nil
        }
    }
}
