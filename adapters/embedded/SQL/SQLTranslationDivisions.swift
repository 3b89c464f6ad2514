// Divisions: SQLite gives NULL where PostgreSQL fails.

import Capabilities

extension SQLTranslator {
    /// SQLite divides by zero without a word and gives NULL; PostgreSQL fails.
    mutating func divisions(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where tokens[index].isOperator("/") || tokens[index].isOperator("%") {
            // What divides in a function of ours fails there, and not where NULL is divided.
            if typing?.replacements[index] == "," { continue }
            let start = index + 1
            let end = try rewrite.operandEnd(from: start)
            if start == end, tokens[end].kind == .integer || tokens[end].kind == .decimal,
                Double(rewrite.text(start..<(end + 1))) != 0
            {
                continue
            }
            rewrite.wrap(start...end, "fairlead_divisor(", ")")
        }
    }
}
