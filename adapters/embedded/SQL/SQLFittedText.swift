// Texts of varchar(n) and char(n): what fits, and the spaces at their ends (varchar.c).

import CSQLite
import Capabilities

/// Texts with a length in characters.
///
/// A value of `char(n)` is kept without the spaces at its end, which say nothing in comparisons, and shown with them.
enum SQLFittedText {
    /// Where the first `count` characters of a text end.
    static func end(of count: Int, in text: [UInt8]) -> Int {
        guard text.count > count else { return text.count }
        var characters = 0
        for (place, byte) in text.enumerated() where byte & 0xC0 != 0x80 {
            if characters == count { return place }
            characters += 1
        }
        return text.count
    }

    static func unpadded(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while text.last == 0x20 { text.removeLast() }
        return text
    }

    /// What is stored: spaces beyond the length are cut off, anything else that is too long is left for the column's rule to
    /// refuse.
    static func stored(_ text: [UInt8], length: Int, isFixed: Bool) -> [UInt8] {
        if isFixed { return Array(unpadded(text[...])) }
        let end = end(of: length, in: text)
        return text[end...].allSatisfy { $0 == 0x20 } ? Array(text[..<end]) : text
    }

    /// With the spaces that fill it up.
    static func padded(_ text: [UInt8], length: Int) -> [UInt8] {
        let missing = length - text.count { $0 & 0xC0 != 0x80 }
        return missing > 0 ? text + [UInt8](repeating: 0x20, count: missing) : text
    }
}

extension SQLiteFunctions {
    static let fitted: [(String, Int32, Bool, Body)] = [
        // A text, and the length of its column.
        ("fairlead_varchar", 2, true, { _, v in fit(v, isFixed: false) }),
        ("fairlead_char", 2, true, { _, v in fit(v, isFixed: true) }),
        (
            "fairlead_padded", 2, true,
            { _, v in
                guard case .text(let text) = v[0], let length = v[1].integer else { return v[0] }
                return .text(SQLFittedText.padded(text, length: Int(clamping: min(length, 10_485_760))))
            }
        ),
    ]

    private static func fit(_ v: [SQLValue], isFixed: Bool) -> SQLValue {
        guard let length = v[1].integer else { return v[0] }
        switch v[0] {
        case .null: return .null
        case .text(let text):
            return .text(SQLFittedText.stored(text, length: Int(clamping: length), isFixed: isFixed))
        default: return v[0]
        }
    }
}
