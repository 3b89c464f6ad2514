// Functions on texts that SQLite lacks, or does differently.

import Capabilities
import Digest
import Glibc

extension SQLiteFunctions {
    static let texts: [(String, Int32, Bool, Body)] = [
        ("like", 2, true, { _, v throws(SQLFailure) in try match(v, escape: 0x5C, ignoringCase: false) }),
        (
            "like", 3, true,
            { _, v throws(SQLFailure) in
                guard let escape = v[2].string else { return .null }
                guard escape.unicodeScalars.count <= 1 else {
                    throw SQLFailure(
                        "22025", "invalid escape string", hint: "Escape string must be empty or one character.")
                }
                guard escape.utf8.count <= 1 else {
                    throw .refused(.sqlQuery, "ESCAPE with a character outside of ASCII is not known here")
                }
                return try match(v, escape: escape.utf8.first, ignoringCase: false)
            }
        ),
        ("glob", 2, true, { _, v throws(SQLFailure) in try match(v, escape: 0x5C, ignoringCase: true) }),
        ("fairlead_similar", 1, true, { _, v throws(SQLFailure) in try similar(v[0], escape: UInt8(ascii: "\\")) }),
        (
            "fairlead_similar", 2, true,
            { _, v throws(SQLFailure) in
                guard let escape = v[1].string else { return .null }
                guard escape.utf8.count <= 1 else { throw SQLFailure("22025", "invalid escape string") }
                return try similar(v[0], escape: escape.utf8.first)
            }
        ),
        ("regexp", 2, true, { connection, v throws(SQLFailure) in try regex(v, connection, ignoringCase: false) }),
        ("match", 2, true, { connection, v throws(SQLFailure) in try regex(v, connection, ignoringCase: true) }),
        (
            "md5", 1, true,
            { _, v in
                let bytes: [UInt8]
                switch v[0] {
                case .null: return .null
                case .text(let text), .bytes(let text): bytes = text
                default: bytes = Array((v[0].string ?? "").utf8)
                }
                return .text(Array(SQLBytesText.hexadecimal(HashAlgorithm.md5.hash(bytes)).dropFirst(2)))
            }
        ),
        (
            "ascii", 1, true,
            { _, v in v[0].string.map { .integer(Int64($0.unicodeScalars.first?.value ?? 0)) } ?? .null }
        ),
        (
            "chr", 1, true,
            { _, v throws(SQLFailure) in
                guard let number = v[0].integer else { return .null }
                guard number > 0, let value = UInt32(exactly: number), let scalar = Unicode.Scalar(value) else {
                    throw SQLFailure("54000", "requested character not valid")
                }
                return .text(String(Character(scalar)))
            }
        ),
        (
            "octet_length", 1, true,
            { _, v in
                switch v[0] {
                case .null: .null
                case .bytes(let bytes), .text(let bytes): .integer(Int64(bytes.count))
                default: .integer(Int64((v[0].string ?? "").utf8.count))
                }
            }
        ),
        ("greatest", -1, true, { _, v in v.filter { $0 != .null }.max(by: isLess) ?? .null }),
        ("least", -1, true, { _, v in v.filter { $0 != .null }.min(by: isLess) ?? .null }),
    ]

    private static func match(
        _ values: [SQLValue], escape: UInt8?, ignoringCase: Bool
    ) throws(SQLFailure) -> SQLValue {
        guard let pattern = values[0].string, let text = values[1].string else { return .null }
        let (one, other) = ignoringCase ? (text.lowercased(), pattern.lowercased()) : (text, pattern)
        return .integer(try SQLPattern.like(Array(one.utf8), Array(other.utf8), escape: escape) ? 1 : 0)
    }

    private static func isLess(_ left: SQLValue, _ right: SQLValue) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)), (.bytes(let left), .bytes(let right)):
            return left.lexicographicallyPrecedes(right)
        case (.integer(let left), .integer(let right)): return left < right
        default: return (left.number ?? 0) < (right.number ?? 0)
        }
    }

    private static func similar(_ pattern: SQLValue, escape: UInt8?) throws(SQLFailure) -> SQLValue {
        guard case .text(let text) = pattern else { return .null }
        return .text(try SQLRegularExpression.similar(text, escape: escape))
    }

    private static func regex(
        _ v: [SQLValue], _ connection: SQLiteConnection, ignoringCase: Bool
    ) throws(SQLFailure) -> SQLValue {
        guard let pattern = v[0].string, let text = v[1].string else { return .null }
        let isFound = try SQLRegularExpression.matches(text, pattern, ignoringCase: ignoringCase) {
            () throws(SQLFailure) in if connection.mustStop { throw connection.stopFailure }
        }
        return .integer(isFound ? 1 : 0)
    }
}
