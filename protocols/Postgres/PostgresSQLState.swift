// The five-character error code of PostgreSQL, and the severity and transaction state that come with it.

/// A SQLSTATE, packed so that it can be compared and copied for nothing.
package struct PostgresSQLState: Sendable, Hashable, CustomStringConvertible {
    /// The characters, the first one lowest; zero for none.
    package let packed: UInt64

    @inlinable
    package init(packed: UInt64) { self.packed = packed }

    /// The code that `text` spells; only its first five characters count.
    package init(_ text: StaticString) {
        var word = PostgresWord()
        for index in 0..<min(5, text.utf8CodeUnitCount) { word.append(text.utf8Start[index]) }
        packed = word.head
    }

    /// No code: nothing failed, or the failure came without one.
    package static let none = PostgresSQLState(packed: 0)

    /// Whether this is five capital letters or digits, as SQL requires.
    package var isWellFormed: Bool {
        for place in 0..<8 {
            let byte = UInt8(truncatingIfNeeded: packed >> UInt64(place * 8))
            if place >= 5 {
                if byte != 0 { return false }
            } else if !byte.isASCIIDigit, byte &- 0x41 >= 26 {
                return false
            }
        }
        return true
    }

    /// The five characters, empty for none; characters that SQL does not allow appear as `?`.
    package var description: String { text(5) }

    /// The first two characters, the class: few enough to be a metric label.
    package var classDescription: String { text(2) }

    private func text(_ length: Int) -> String {
        var text = ""
        for place in 0..<length {
            let byte = UInt8(truncatingIfNeeded: packed >> UInt64(place * 8))
            if byte == 0 { break }
            let isLegal = byte.isASCIIDigit || byte &- 0x41 < 26
            text.unicodeScalars.append(Unicode.Scalar(isLegal ? byte : 0x3F))
        }
        return text
    }
}

/// How serious an ErrorResponse or NoticeResponse is (protocol page "Error and Notice Message Fields").
package enum PostgresSeverity: UInt8, Sendable, Equatable {
    /// A severity in a language we do not read, from a server older than 9.6 that sends no `V` field.
    case unknown
    case error
    /// The session ends after this one.
    case fatal
    /// Every session of the server ends.
    case panic
    case warning
    case notice
    case debug
    case info
    case log

    /// Whether the server closes the connection after it.
    package var endsSession: Bool { self == .fatal || self == .panic }

    /// The severity that a `V` or `S` field spells.
    init(_ word: PostgresWord) {
        self = .unknown
        for (name, severity) in Self.table where name == word { self = severity }
    }

    private static let table: [(PostgresWord, PostgresSeverity)] = [
        (PostgresWord("ERROR"), .error), (PostgresWord("FATAL"), .fatal), (PostgresWord("PANIC"), .panic),
        (PostgresWord("WARNING"), .warning), (PostgresWord("NOTICE"), .notice), (PostgresWord("DEBUG"), .debug),
        (PostgresWord("INFO"), .info), (PostgresWord("LOG"), .log),
    ]
}

/// The transaction state that a ReadyForQuery reports.
package enum PostgresTransactionStatus: UInt8, Sendable, Equatable {
    /// `I`: no transaction is open.
    case idle = 0x49
    /// `T`: inside a transaction block.
    case inTransaction = 0x54
    /// `E`: inside a transaction block that failed; only its end is accepted.
    case failed = 0x45
}
