// Operators of jsonb (jsonfuncs.c, jsonb_op.c).

import Capabilities

extension SQLiteFunctions {
    static let json: [(String, Int32, Bool, Body)] = [
        (
            "fairlead_jsonb_get", 2, true,
            { _, v throws(SQLFailure) in
                guard let found = try whole(v[0])?.item(v[1]) else { return .null }
                return .text(found.text)
            }
        ),
        (
            "fairlead_jsonb_text", 2, true,
            { _, v throws(SQLFailure) in try whole(v[0])?.item(v[1])?.shown ?? .null }
        ),
        (
            "fairlead_jsonb_path", 2, true,
            { _, v throws(SQLFailure) in try path(v).map { .text($0.text) } ?? .null }
        ),
        ("fairlead_jsonb_path_text", 2, true, { _, v throws(SQLFailure) in try path(v)?.shown ?? .null }),
        ("fairlead_jsonb_contains", 2, true, { _, v throws(SQLFailure) in try contains(v[0], v[1]) }),
        ("fairlead_jsonb_within", 2, true, { _, v throws(SQLFailure) in try contains(v[1], v[0]) }),
        (
            "fairlead_jsonb_exists", 2, true,
            { _, v throws(SQLFailure) in
                guard let whole = try whole(v[0]), case .text(let key) = v[1] else { return .null }
                switch whole {
                case .object(let pairs): return .integer(pairs.contains { $0.key == key } ? 1 : 0)
                case .array(let items): return .integer(items.contains(.string(key)) ? 1 : 0)
                case .string(let text): return .integer(text == key ? 1 : 0)
                default: return .integer(0)
                }
            }
        ),
        (
            "fairlead_jsonb_concat", 2, true,
            { _, v throws(SQLFailure) in
                guard let one = try whole(v[0]), let other = try whole(v[1]) else { return .null }
                return .text(one.joined(with: other).text)
            }
        ),
    ]

    private static func whole(_ value: SQLValue) throws(SQLFailure) -> SQLJSON? {
        guard case .text(let text) = value else { return nil }
        return try SQLJSON(text)
    }

    private static func contains(_ one: SQLValue, _ other: SQLValue) throws(SQLFailure) -> SQLValue {
        guard let one = try whole(one), let other = try whole(other) else { return .null }
        return .integer(one.contains(other, isOutermost: true) ? 1 : 0)
    }

    private static func path(_ v: [SQLValue]) throws(SQLFailure) -> SQLJSON? {
        guard var place = try whole(v[0]), case .text(let text) = v[1] else { return nil }
        for step in try SQLArrayText.items(text) {
            guard let step else { return nil }
            let number = Int64(String(decoding: step, as: UTF8.self))
            let isArray = if case .array = place { true } else { false }
            guard let next = place.item(isArray ? number.map { .integer($0) } ?? .null : .text(step)) else {
                return nil
            }
            place = next
        }
        return place
    }
}

extension SQLJSON {
    /// The member of a key, or the element of a place, which counts from the end where it is below zero.
    fileprivate func item(_ key: SQLValue) -> SQLJSON? {
        switch (self, key) {
        case (.object(let pairs), .text(let name)): return pairs.first { $0.key == name }?.value
        case (.array(let items), .integer(let number)):
            let place = number < 0 ? Int64(items.count) &+ number : number
            return place >= 0 && place < items.count ? items[Int(place)] : nil
        // A scalar is an array of itself.
        case (.object, _): return nil
        case (_, .integer(let number)): return number == 0 || number == -1 ? self : nil
        default: return nil
        }
    }

    /// As a text: a string without its quotes, and NULL for null.
    fileprivate var shown: SQLValue {
        switch self {
        case .null: .null
        case .string(let text): .text(text)
        default: .text(text)
        }
    }

    /// Whether everything of `other` is in it (manual, "jsonb Containment and Existence").
    fileprivate func contains(_ other: SQLJSON, isOutermost: Bool = false) -> Bool {
        switch (self, other) {
        case (.object(let pairs), .object(let wanted)):
            return wanted.allSatisfy { want in pairs.contains { $0.key == want.key && $0.value.contains(want.value) } }
        case (.array(let items), .array(let wanted)):
            return wanted.allSatisfy { want in items.contains { $0.contains(want) } }
        case (.array, .object): return false
        case (.array(let items), _): return isOutermost && items.contains(other)
        default: return self == other
        }
    }

    /// `||`: objects are merged, everything else becomes one array.
    fileprivate func joined(with other: SQLJSON) -> SQLJSON {
        if case .object(let pairs) = self, case .object(let more) = other { return .object(unordered: pairs + more) }
        func items(_ value: SQLJSON) -> [SQLJSON] { if case .array(let items) = value { items } else { [value] } }
        return .array(items(self) + items(other))
    }
}
