// Functions that change jsonb, and that tell what JSON is (jsonfuncs.c).

import Capabilities

extension SQLiteFunctions {
    static let jsonChanges: [(String, Int32, Bool, Body)] = [
        ("jsonb_set", 3, true, { _, v throws(SQLFailure) in try set(v, creates: true) }),
        (
            "jsonb_set", 4, true,
            { _, v throws(SQLFailure) in v[3] == .null ? .null : try set(v, creates: v[3] == .integer(1)) }
        ),
        (
            "jsonb_strip_nulls", 1, true,
            { _, v throws(SQLFailure) in try read(v[0]).map { .text($0.stripped.text) } ?? .null }
        ),
        ("jsonb_typeof", 1, true, { _, v throws(SQLFailure) in try read(v[0]).map { .text($0.typeName) } ?? .null }),
        ("json_typeof", 1, true, { _, v throws(SQLFailure) in try read(v[0]).map { .text($0.typeName) } ?? .null }),
        ("jsonb_array_length", 1, true, { _, v throws(SQLFailure) in try count(v[0]) }),
        ("json_array_length", 1, true, { _, v throws(SQLFailure) in try count(v[0]) }),
    ]

    private static func read(_ value: SQLValue) throws(SQLFailure) -> SQLJSON? {
        guard case .text(let text) = value else { return nil }
        return try SQLJSON(text, asText: true)
    }

    private static func count(_ value: SQLValue) throws(SQLFailure) -> SQLValue {
        switch try read(value) {
        case nil: return .null
        case .array(let items): return .integer(Int64(items.count))
        case .object: throw SQLFailure("22023", "cannot get array length of a non-array")
        default: throw SQLFailure("22023", "cannot get array length of a scalar")
        }
    }

    private static func set(_ v: [SQLValue], creates: Bool) throws(SQLFailure) -> SQLValue {
        guard case .text(let text) = v[0], case .text(let path) = v[1], case .text(let new) = v[2] else { return .null }
        let target = try SQLJSON(text)
        let steps = try SQLArrayText.items(path)
        switch target {
        case .array, .object: break
        default: throw SQLFailure("22023", "cannot set path in scalar")
        }
        return .text(try target.setting(steps[...], to: try SQLJSON(new), creates: creates).text)
    }
}

extension SQLJSON {
    fileprivate var typeName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// Without the members of objects that are null.
    fileprivate var stripped: SQLJSON {
        switch self {
        case .array(let items): .array(items.map(\.stripped))
        case .object(let pairs): .object(pairs.filter { $0.value != .null }.map { ($0.key, $0.value.stripped) })
        default: self
        }
    }

    /// The same with another value at the end of a path; where nothing is there it is put there only as its last step, and a
    /// path that leads nowhere changes nothing (jsonfuncs.c, setPath).
    fileprivate func setting(
        _ path: ArraySlice<[UInt8]?>, to new: SQLJSON, creates: Bool
    ) throws(SQLFailure) -> SQLJSON {
        guard let first = path.first else { return self }
        let position = path.startIndex + 1
        guard let step = first else { throw SQLFailure("22004", "path element at position \(position) is null") }
        let rest = path.dropFirst()
        switch self {
        case .object(var pairs):
            if let place = pairs.firstIndex(where: { $0.key == step }) {
                pairs[place].value =
                    rest.isEmpty ? new : try pairs[place].value.setting(rest, to: new, creates: creates)
            } else if rest.isEmpty, creates {
                pairs.append((step, new))
            }
            return .object(unordered: pairs)
        case .array(var items):
            guard let number = Int32(String(decoding: step, as: UTF8.self)) else {
                throw SQLFailure(
                    "22P02",
                    "path element at position \(position) is not an integer: \"\(String(decoding: step, as: UTF8.self))\""
                )
            }
            let place = number < 0 ? items.count + Int(number) : Int(number)
            if items.indices.contains(place) {
                items[place] = rest.isEmpty ? new : try items[place].setting(rest, to: new, creates: creates)
            } else if rest.isEmpty, creates {
                items.insert(new, at: place < 0 ? 0 : items.count)
            }
            return .array(items)
        default: return self
        }
    }
}
