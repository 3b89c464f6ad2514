// pg_typeof: the translation tells it, since SQLite's values have forgotten their types.

import Capabilities

extension SQLTranslator {
    /// Puts the name of the type in the place of `pg_typeof(x)`; `x` is worked out all the same, and its rows and failures stay.
    mutating func typeNames(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where tokens[index].isWord("pg_typeof") && rewrite.isMark(index + 1, "(") {
            let close = try rewrite.closing(index + 1)
            let words = (index + 2)..<close
            guard let first = words.first, rewrite.split(words).count == 1 else {
                throw SQLFailure(
                    "42883", "function pg_typeof with that many arguments does not exist", offset: tokens[index].start)
            }
            let operand = try argument(words)
            var type = operand?.type ?? .unknown
            if type == .unknown { type = typing?.operands[words.lowerBound...(words.upperBound - 1)] ?? .unknown }
            if type == .unknown, !(operand?.isOpen ?? false) { type = try describedType(words) }
            if type == .unknown, !(operand?.isOpen ?? false) || tokens[first].kind == .parameter {
                throw refused("the type of this expression is not known before it is worked out", first)
            }
            let name = type == .unknown ? "unknown" : type.displayName
            rewrite.replace(index, "fairlead_first")
            rewrite.suffix(index + 1, "\(SQLText.literal(name)), ")
        }
    }
}
