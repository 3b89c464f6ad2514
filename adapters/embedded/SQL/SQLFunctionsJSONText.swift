// Functions and operators of json, whose texts keep their spaces (manual, "JSON Functions and Operators").

import Capabilities

extension SQLiteFunctions {
    /// Those that make JSON are given values that `fairlead_json` has made a part of it.
    static let jsonTexts: [(String, Int32, Bool, Body)] = [
        (
            "fairlead_json", 2, true,
            { _, v throws(SQLFailure) in
                let number = v[1].integer.map { UInt32(truncatingIfNeeded: $0) } ?? 0
                return try SQLJSONText.value(v[0], SQLType(rawValue: number) ?? .unknown)
            }
        ),
        ("to_json", 1, true, { _, v in v[0] }),
        ("row_to_json", 1, true, { _, v in v[0] }),
        ("array_to_json", 1, true, { _, v in v[0] }),
        ("to_jsonb", 1, true, { _, v throws(SQLFailure) in try binary(v[0]) }),
        ("json_build_array", -1, true, { _, v in .text(SQLJSONText.array(v)) }),
        ("jsonb_build_array", -1, true, { _, v throws(SQLFailure) in try binary(.text(SQLJSONText.array(v))) }),
        ("json_build_object", -1, true, { _, v throws(SQLFailure) in .text(SQLJSONText.object(try pairs(v))) }),
        (
            "jsonb_build_object", -1, true,
            { _, v throws(SQLFailure) in try binary(.text(SQLJSONText.object(try pairs(v)))) }
        ),
        ("fairlead_json_row", -1, true, { _, v throws(SQLFailure) in .text(SQLJSONText.row(try pairs(v))) }),
        (
            "fairlead_json_get", 2, true,
            { _, v throws(SQLFailure) in try part(v[0])?.item(v[1]).map { .text($0.text) } ?? .null }
        ),
        ("fairlead_json_text", 2, true, { _, v throws(SQLFailure) in try part(v[0])?.item(v[1])?.shown() ?? .null }),
        ("fairlead_json_path", 2, true, { _, v throws(SQLFailure) in try path(v).map { .text($0.text) } ?? .null }),
        ("fairlead_json_path_text", 2, true, { _, v throws(SQLFailure) in try path(v)?.shown() ?? .null }),
    ]

    private static func binary(_ value: SQLValue) throws(SQLFailure) -> SQLValue {
        guard case .text(let text) = value else { return .null }
        return .text(try SQLJSON(text).text)
    }

    private static func pairs(_ v: [SQLValue]) throws(SQLFailure) -> [(key: SQLValue, value: SQLValue)] {
        guard v.count % 2 == 0 else {
            throw SQLFailure("22023", "argument list must have even number of elements")
        }
        var pairs: [(key: SQLValue, value: SQLValue)] = []
        for place in stride(from: 0, to: v.count, by: 2) {
            guard v[place] != .null else {
                throw SQLFailure(
                    "22023", "argument \(place + 1) cannot be null", hint: "Object keys should be text.")
            }
            pairs.append((v[place], v[place + 1]))
        }
        return pairs
    }

    private static func part(_ value: SQLValue) -> SQLJSONPart? {
        if case .text(let text) = value { SQLJSONPart(text) } else { nil }
    }

    private static func path(_ v: [SQLValue]) throws(SQLFailure) -> SQLJSONPart? {
        guard var place = part(v[0]), case .text(let text) = v[1] else { return nil }
        for step in try SQLArrayText.items(text) {
            guard let step else { return nil }
            let number = Int64(String(decoding: step, as: UTF8.self))
            guard let next = try place.item(place.isArray ? number.map { .integer($0) } ?? .null : .text(step)) else {
                return nil
            }
            place = next
        }
        return place
    }
}
