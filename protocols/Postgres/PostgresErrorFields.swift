// Finds the severity and the SQLSTATE in an ErrorResponse or NoticeResponse that arrives in pieces.

import Wire

/// Reads fields of the form: a type byte, text, a zero byte; it stops once it has `V` and `C`.
///
/// `V` is the severity in English since 9.6; `S` is used when there is no `V`, and may be in any language.
struct PostgresErrorFields: Sendable {
    private var field: UInt8 = 0
    private var isInValue = false
    private var value = PostgresWord()
    private var localized = PostgresWord()
    private var english = PostgresWord()
    private var code = PostgresWord()
    private var seen: UInt16 = 0
    private(set) var isDone = false

    var severity: PostgresSeverity { PostgresSeverity(english.length > 0 ? english : localized) }

    var sqlState: PostgresSQLState { code.length == 5 ? PostgresSQLState(packed: code.head) : .none }

    /// Looks at `bytes[start..<end]` until both fields are known.
    mutating func scan(_ bytes: Bytes, from start: Int, to end: Int) {
        for index in start..<end {
            let byte = bytes[index]
            if !isInValue {
                if byte == 0 {
                    isDone = true
                    return
                }
                field = byte
                value = PostgresWord()
                isInValue = true
            } else if byte != 0 {
                value.append(byte)
            } else {
                isInValue = false
                keep()
                if isDone { return }
            }
            seen &+= 1
            if seen >= PostgresLimits.prefix {
                isDone = true
                return
            }
        }
    }

    private mutating func keep() {
        switch field {
        case UInt8(ascii: "S"): localized = value
        case UInt8(ascii: "V"): english = value
        case UInt8(ascii: "C"): code = value
        default: break
        }
        isDone = english.length > 0 && code.length > 0
    }
}
