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
        ("fairlead_upper", 1, true, { _, v in v[0].string.map { .text($0.uppercased()) } ?? .null }),
        ("fairlead_lower", 1, true, { _, v in v[0].string.map { .text($0.lowercased()) } ?? .null }),
        (
            "fairlead_position", 2, true,
            { _, v in
                guard let part = v[0].string, let whole = v[1].string else { return .null }
                guard !part.isEmpty else { return .integer(1) }
                guard let place = whole.range(of: part) else { return .integer(0) }
                return .integer(Int64(whole[..<place.lowerBound].unicodeScalars.count + 1))
            }
        ),
        ("concat", -1, true, { _, v in .text(v.compactMap(\.string).joined()) }),
        (
            "concat_ws", -1, true,
            { _, v in
                guard let separator = v.first?.string else { return .null }
                return .text(v.dropFirst().compactMap(\.string).joined(separator: separator))
            }
        ),
        (
            "fairlead_left", 2, true,
            { _, v in
                guard let text = v[0].string, let count = v[1].integer else { return .null }
                let scalars = text.unicodeScalars
                let kept = count >= 0 ? count : Int64(scalars.count) &+ count
                return .text(String(String.UnicodeScalarView(scalars.prefix(Int(clamping: max(0, kept))))))
            }
        ),
        (
            "fairlead_right", 2, true,
            { _, v in
                guard let text = v[0].string, let count = v[1].integer else { return .null }
                let scalars = text.unicodeScalars
                let kept = count >= 0 ? count : Int64(scalars.count) &+ count
                return .text(String(String.UnicodeScalarView(scalars.suffix(Int(clamping: max(0, kept))))))
            }
        ),
        ("lpad", -1, true, { _, v throws(SQLFailure) in try pad(v, atLeft: true) }),
        ("rpad", -1, true, { _, v throws(SQLFailure) in try pad(v, atLeft: false) }),
        (
            "btrim", -1, true,
            { _, v in
                guard let text = v.first?.string else { return .null }
                let set = Set((v.count > 1 ? v[1].string ?? "" : " ").unicodeScalars)
                var scalars = text.unicodeScalars[...]
                while let first = scalars.first, set.contains(first) { scalars.removeFirst() }
                while let last = scalars.last, set.contains(last) { scalars.removeLast() }
                return .text(String(scalars))
            }
        ),
        (
            "repeat", 2, true,
            { _, v throws(SQLFailure) in
                guard let text = v[0].string, let count = v[1].integer else { return .null }
                guard count > 0 else { return .text("") }
                guard text.utf8.count.multipliedReportingOverflow(by: Int(clamping: count)).partialValue < 1 << 28,
                    !text.utf8.count.multipliedReportingOverflow(by: Int(clamping: count)).overflow
                else { throw SQLFailure("54000", "requested length too large") }
                return .text(String(repeating: text, count: Int(count)))
            }
        ),
        (
            "reverse", 1, true,
            { _, v in v[0].string.map { .text(String(String.UnicodeScalarView($0.unicodeScalars.reversed()))) } ?? .null
            }
        ),
        (
            "split_part", 3, true,
            { _, v throws(SQLFailure) in
                guard let text = v[0].string, let separator = v[1].string, let field = v[2].integer else {
                    return .null
                }
                guard field != 0 else { throw SQLFailure("22023", "field position must not be zero") }
                return .text(SQLSplitText(text, separator).part(field))
            }
        ),
        ("substring", 2, true, { _, v throws(SQLFailure) in try part(v) }),
        ("substring", 3, true, { _, v throws(SQLFailure) in try part(v) }),
        ("substr", 2, true, { _, v throws(SQLFailure) in try part(v) }),
        ("substr", 3, true, { _, v throws(SQLFailure) in try part(v) }),
        (
            "md5", 1, true,
            { _, v in
                let bytes: [UInt8]
                switch v[0] {
                case .null: return .null
                case .text(let text), .bytes(let text): bytes = text
                default: bytes = Array((v[0].string ?? "").utf8)
                }
                return .text(Array(SQLCast.hexadecimal(HashAlgorithm.md5.hash(bytes)).dropFirst(2)))
            }
        ),
        (
            "initcap", 1, true,
            { _, v in
                guard let text = v[0].string else { return .null }
                var result = ""
                var isInside = false
                for character in text {
                    result += isInside ? character.lowercased() : character.uppercased()
                    isInside = character.isLetter || character.isNumber
                }
                return .text(result)
            }
        ),
        (
            "starts_with", 2, true,
            { _, v in
                guard let text = v[0].string, let start = v[1].string else { return .null }
                return .integer(text.hasPrefix(start) ? 1 : 0)
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
        ("to_hex", 1, true, { _, v in v[0].integer.map { .text(String(UInt64(bitPattern: $0), radix: 16)) } ?? .null }),
        (
            "translate", 3, true,
            { _, v in
                guard let text = v[0].string, let from = v[1].string, let to = v[2].string else { return .null }
                let sources = Array(from.unicodeScalars)
                let targets = Array(to.unicodeScalars)
                var result = String.UnicodeScalarView()
                for scalar in text.unicodeScalars {
                    guard let place = sources.firstIndex(of: scalar) else {
                        result.append(scalar)
                        continue
                    }
                    if place < targets.count { result.append(targets[place]) }
                }
                return .text(String(result))
            }
        ),
        ("greatest", -1, true, { _, v in v.filter { $0 != .null }.max(by: isLess) ?? .null }),
        ("least", -1, true, { _, v in v.filter { $0 != .null }.min(by: isLess) ?? .null }),
        (
            "quote_ident", 1, true,
            { _, v in
                guard let name = v[0].string else { return .null }
                let isPlain =
                    name.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 == 0x5F || $0 &- 0x30 < 10 }
                    && !(name.utf8.first.map { $0 &- 0x30 < 10 } ?? true)
                return .text(isPlain ? name : SQLText.quoted(name))
            }
        ),
        ("quote_literal", 1, true, { _, v in v[0].string.map { .text(SQLText.literal($0)) } ?? .null }),
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

    private static func pad(_ v: [SQLValue], atLeft: Bool) throws(SQLFailure) -> SQLValue {
        guard v.count == 2 || v.count == 3 else {
            throw SQLFailure("42883", "function \(atLeft ? "lpad" : "rpad") does not exist with that many arguments")
        }
        guard let text = v[0].string, let length = v[1].integer, let fill = v.count > 2 ? v[2].string : " " else {
            return .null
        }
        guard length < 1 << 26 else { throw SQLFailure("54000", "requested length too large") }
        let scalars = Array(text.unicodeScalars)
        let wanted = Int(clamping: max(0, length))
        if scalars.count >= wanted || fill.isEmpty {
            return .text(String(String.UnicodeScalarView(scalars.prefix(wanted))))
        }
        let filling = Array(fill.unicodeScalars)
        let padding = (0..<(wanted - scalars.count)).map { filling[$0 % filling.count] }
        return .text(String(String.UnicodeScalarView(atLeft ? padding + scalars : scalars + padding)))
    }

    /// A part of a text or of bytes; SQLite counts a place below one from the end, PostgreSQL before the beginning.
    private static func part(_ v: [SQLValue]) throws(SQLFailure) -> SQLValue {
        guard !v.contains(.null) else { return .null }
        if case .text = v[1] { throw .refused(.sqlQuery, "substring by a pattern is not known here") }
        guard let start = v[1].integer else { return .null }
        var end = Int64.max
        if v.count > 2 {
            guard let length = v[2].integer else { return .null }
            guard length >= 0 else { throw SQLFailure("22011", "negative substring length not allowed") }
            let (sum, overflow) = start.addingReportingOverflow(length)
            end = overflow ? .max : sum
        }
        let first = Int(clamping: max(0, start - (start > .min ? 1 : 0)))
        let last = end == .max ? Int.max : Int(clamping: max(0, end - 1))
        guard first < last else { return v[0].isBytes ? .bytes([]) : .text("") }
        if case .bytes(let bytes) = v[0] {
            return .bytes(Array(bytes[min(first, bytes.count)..<min(last, bytes.count)]))
        }
        let scalars = (v[0].string ?? "").unicodeScalars
        let from = scalars.index(scalars.startIndex, offsetBy: first, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let to = scalars.index(from, offsetBy: last - first, limitedBy: scalars.endIndex) ?? scalars.endIndex
        return .text(String(scalars[from..<to]))
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
