// BEGIN, COMMIT, ROLLBACK, and the modes of transactions, as words.

import Capabilities

extension PostgresStatementReader {
    func begin() throws(SQLFailure) -> PostgresStatementKind {
        var index = 1
        if word(0) == "start" {
            guard word(1) == "transaction" else { throw error(1) }
            index = 2
        } else if word(1) == "transaction" || word(1) == "work" {
            index = 2
        }
        let (isolation, readOnly) = try modes(index)
        return .begin(isolation: isolation, readOnly: readOnly)
    }

    func modes(_ start: Int) throws(SQLFailure) -> (SQLIsolation?, Bool?) {
        var index = start
        var isolation: SQLIsolation?
        var readOnly: Bool?
        while index < tokens.count {
            switch word(index) {
            case "isolation":
                guard word(index + 1) == "level" else { throw error(index + 1) }
                index += 2
                let two = "\(word(index)) \(word(index + 1))"
                if let level = SQLIsolation(rawValue: two) {
                    isolation = level
                    index += 2
                } else if word(index) == "serializable" {
                    isolation = .serializable
                    index += 1
                } else {
                    throw error(index)
                }
            case "read":
                guard word(index + 1) == "only" || word(index + 1) == "write" else { throw error(index + 1) }
                readOnly = word(index + 1) == "only"
                index += 2
            case "not" where word(index + 1) == "deferrable": index += 2
            case "deferrable": index += 1
            default:
                guard tokens[index].isMark(","), index > start else { throw error(index) }
                index += 1
            }
        }
        return (isolation, readOnly)
    }

    func ending() throws(SQLFailure) -> PostgresStatementKind {
        let isCommit = word(0) == "commit" || word(0) == "end"
        if word(1) == "prepared" { return .refused(.sqlTransaction, "there are no prepared transactions here") }
        var index = word(1) == "work" || word(1) == "transaction" ? 2 : 1
        if !isCommit, word(index) == "to" {
            index += word(index + 1) == "savepoint" ? 2 : 1
            try end(index + 1)
            return .rollBackTo(try name(index))
        }
        var chains = false
        if word(index) == "and" {
            let isNegated = word(index + 1) == "no"
            chains = !isNegated
            index += isNegated ? 3 : 2
            guard word(index - 1) == "chain" else { throw error(index - 1) }
        }
        try end(index)
        return isCommit ? .commit(chains: chains) : .rollback(chains: chains)
    }
}
