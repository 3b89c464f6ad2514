// Functions that count or look for characters, which are code points to PostgreSQL and never what a reader sees as one.

import Capabilities

extension SQLiteFunctions {
    static let characters: [(String, Int32, Bool, Body)] = [
        ("fairlead_upper", 1, true, { _, v in mapped(v[0]) { scalar, _ in upper(scalar) } }),
        ("fairlead_lower", 1, true, { _, v in mapped(v[0]) { scalar, _ in lower(scalar) } }),
        ("initcap", 1, true, { _, v in mapped(v[0]) { scalar, isInside in isInside ? lower(scalar) : upper(scalar) } }),
        (
            "fairlead_position", 2, true,
            { _, v in
                guard let part = v[0].octets, let whole = v[1].octets else { return .null }
                guard !part.isEmpty else { return .integer(1) }
                guard let place = SQLSplitText(whole, part).firstPlace else { return .integer(0) }
                return .integer(Int64(v[1].isBytes ? place : count(whole[..<place])) + 1)
            }
        ),
        (
            "starts_with", 2, true,
            { _, v in
                guard let text = v[0].octets, let start = v[1].octets else { return .null }
                return .integer(text.starts(with: start) ? 1 : 0)
            }
        ),
        (
            "split_part", 3, true,
            { _, v throws(SQLFailure) in
                guard let text = v[0].octets, let separator = v[1].octets, let field = v[2].integer else {
                    return .null
                }
                guard field != 0 else { throw SQLFailure("22023", "field position must not be zero") }
                return .text(SQLSplitText(text, separator).part(field))
            }
        ),
        (
            "fairlead_left", 2, true,
            { _, v in
                guard let text = v[0].octets, let wanted = v[1].integer else { return .null }
                return .text(Array(text[..<end(of: wanted, in: text)]))
            }
        ),
        (
            "fairlead_right", 2, true,
            { _, v in
                guard let text = v[0].octets, let wanted = v[1].integer else { return .null }
                // The rest behind all but the last ones, or behind the first ones.
                let others = wanted == .min ? .max : -wanted
                return .text(Array(text[(others == 0 ? text.count : end(of: others, in: text))...]))
            }
        ),
        ("lpad", -1, true, { _, v throws(SQLFailure) in try pad(v, atLeft: true) }),
        ("rpad", -1, true, { _, v throws(SQLFailure) in try pad(v, atLeft: false) }),
        ("btrim", 1, true, { _, v in trimmed(v[0], [" "]) }),
        ("btrim", 2, true, { _, v in v[1].string.map { trimmed(v[0], Set($0.unicodeScalars)) } ?? .null }),
        (
            "repeat", 2, true,
            { _, v throws(SQLFailure) in
                guard let text = v[0].octets, let times = v[1].integer else { return .null }
                guard times > 0, !text.isEmpty else { return .text("") }
                guard times <= Int64(SQLiteConnection.largestValue) / Int64(text.count) else { throw tooLong }
                return .text(Array(repeatElement(text, count: Int(times)).joined()))
            }
        ),
        (
            "reverse", 1, true,
            { _, v in v[0].string.map { .text(String(String.UnicodeScalarView($0.unicodeScalars.reversed()))) } ?? .null
            }
        ),
        ("substring", 2, true, { _, v throws(SQLFailure) in try part(v) }),
        ("substring", 3, true, { _, v throws(SQLFailure) in try part(v) }),
        ("substr", 2, true, { _, v throws(SQLFailure) in try part(v) }),
        ("substr", 3, true, { _, v throws(SQLFailure) in try part(v) }),
        (
            "translate", 3, true,
            { _, v in
                guard let text = v[0].string, let from = v[1].string, let to = v[2].string else { return .null }
                let targets = Array(to.unicodeScalars)
                var table: [Unicode.Scalar: Unicode.Scalar?] = [:]
                for (place, scalar) in from.unicodeScalars.enumerated() where table[scalar] == nil {
                    table.updateValue(place < targets.count ? targets[place] : nil, forKey: scalar)
                }
                var result = String.UnicodeScalarView()
                for scalar in text.unicodeScalars {
                    if let target = table[scalar] ?? scalar { result.append(target) }
                }
                return .text(String(result))
            }
        ),
    ]

    // MARK: Small and capital letters

    /// Each character of a text as another one, which may depend on whether a letter or a digit stands before it.
    private static func mapped(
        _ value: SQLValue, _ change: (Unicode.Scalar, Bool) -> Unicode.Scalar
    ) -> SQLValue {
        guard let text = value.string else { return .null }
        var result = String.UnicodeScalarView()
        var isInside = false
        for scalar in text.unicodeScalars {
            result.append(change(scalar, isInside))
            isInside = scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
        }
        return .text(String(result))
    }

    /// As towupper gives it: a letter that would become several stays as it is.
    private static func upper(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.isASCII { return scalar.value &- 0x61 < 26 ? Unicode.Scalar(UInt8(scalar.value - 32)) : scalar }
        return single(scalar.properties.uppercaseMapping) ?? single(scalar.properties.titlecaseMapping) ?? scalar
    }

    private static func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.isASCII { return scalar.value &- 0x41 < 26 ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar }
        // The one that becomes two: a small i is all that fits (UnicodeData.txt, simple mapping).
        return scalar == "\u{130}" ? "i" : single(scalar.properties.lowercaseMapping) ?? scalar
    }

    private static func single(_ mapping: String) -> Unicode.Scalar? {
        mapping.unicodeScalars.count == 1 ? mapping.unicodeScalars.first : nil
    }

    // MARK: Counting

    private static func count(_ text: some Sequence<UInt8>) -> Int { text.count { $0 & 0xC0 != 0x80 } }

    /// Where the first `wanted` characters end; for a number below zero, where all but the last ones do.
    private static func end(of wanted: Int64, in text: [UInt8]) -> Int {
        let wanted = wanted < 0 ? Int64(count(text)) &+ wanted : wanted
        return SQLFittedText.end(of: Int(clamping: max(0, wanted)), in: text)
    }

    private static func trimmed(_ value: SQLValue, _ set: Set<Unicode.Scalar>) -> SQLValue {
        guard let text = value.string else { return .null }
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, set.contains(first) { scalars.removeFirst() }
        while let last = scalars.last, set.contains(last) { scalars.removeLast() }
        return .text(String(scalars))
    }

    private static func pad(_ v: [SQLValue], atLeft: Bool) throws(SQLFailure) -> SQLValue {
        guard v.count == 2 || v.count == 3 else {
            throw SQLFailure("42883", "function \(atLeft ? "lpad" : "rpad") does not exist with that many arguments")
        }
        guard let text = v[0].octets, let length = v[1].integer, let fill = v.count > 2 ? v[2].octets : [0x20] else {
            return .null
        }
        let limit = Int(SQLiteConnection.largestValue)
        guard length <= limit else { throw tooLong }
        let wanted = Int(max(0, length))
        let missing = wanted - count(text)
        let size = count(fill)
        guard missing > 0, size > 0 else { return .text(Array(text[..<SQLFittedText.end(of: wanted, in: text)])) }
        let last = fill[..<SQLFittedText.end(of: missing % size, in: fill)]
        let (bytes, overflow) = fill.count.multipliedReportingOverflow(by: missing / size)
        guard !overflow, bytes <= limit, text.count + bytes + last.count <= limit else { throw tooLong }
        let padding = Array(repeatElement(fill, count: missing / size).joined()) + last
        return .text(atLeft ? padding + text : text + padding)
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
        let text = v[0].octets ?? []
        return .text(Array(text[SQLFittedText.end(of: first, in: text)..<SQLFittedText.end(of: last, in: text)]))
    }
}
