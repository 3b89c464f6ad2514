// What PostgreSQL features need of a backend with SQL.

import Capabilities

/// What statements and parts of the protocol need; that a dialect has a function, a type or a clause is told by cases only.
enum PostgresFeatureNeeds {
    static func of(_ kind: String, _ name: String) -> FeatureNeed {
        switch kind {
        case "statement": return statement(name)
        case "message": return .nothing
        case "feature": return feature(name)
        default: return .untold
        }
    }

    private static func statement(_ name: String) -> FeatureNeed {
        switch name {
        case "begin", "commit", "rollback", "savepoint", "release": .capabilities(CapabilitySet(.sqlTransaction))
        case "prepare", "execute", "deallocate": .capabilities(CapabilitySet(.sqlPrepared))
        case "declare", "fetch", "move": .capabilities(CapabilitySet(.sqlCursor))
        case "copy": .capabilities(CapabilitySet(.sqlCopy))
        case "select", "insert", "update", "delete", "create", "drop":
            .capabilities(CapabilitySet(.sqlQuery))
        case "set", "show", "reset", "discard", "close": .nothing
        case "do", "call", "grant", "revoke", "comment", "cluster", "refresh", "security", "import", "load",
            "checkpoint",
            "reassign", "merge":
            .refused
        default: .untold
        }
    }

    /// What CREATE, ALTER and DROP are about beyond tables, views, indexes, sequences and schemas.
    private static let definitions = Set(
        PostgresUsageWords.definitions.split(separator: " ").compactMap {
            $0.split(separator: ":").last.map(String.init)
        })

    private static func feature(_ name: String) -> FeatureNeed {
        switch name {
        case "simple-query": .capabilities(CapabilitySet(.sqlQuery))
        case "extended-query", "parameters", "binary-parameters": .capabilities(CapabilitySet(.sqlParameters))
        case "named-statement": .capabilities(CapabilitySet(.sqlPrepared))
        case "row-limit", "named-portal", "cursor", "holdable-cursor": .capabilities(CapabilitySet(.sqlCursor))
        case "copy-in", "copy-from-stdin", "copy-to-stdout": .capabilities(CapabilitySet(.sqlCopy))
        case "tls", "startup-options", "copy-fail": .nothing
        case "replication", "function-call", "binary-copy", "copy-program", "copy-file", "two-phase-commit",
            "time-zone",
            "set-role", "session-authorization", "set-constraints":
            .refused
        default: definitions.contains(name) ? .refused : .untold
        }
    }
}
