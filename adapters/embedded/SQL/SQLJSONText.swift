// json, which keeps its text: how values become a part of it, and how parts of it are found (json.c, jsonfuncs.c).

import Capabilities

/// Texts of JSON; a value that is NULL stands for `null`.
enum SQLJSONText {
    /// What a value of `type` becomes (json.c, datum_to_json); NULL stays NULL.
    static func value(_ value: SQLValue, _ type: SQLType) throws(SQLFailure) -> SQLValue {
        guard value != .null else { return .null }
        return .text(try text(value, type))
    }

    private static func text(_ value: SQLValue, _ type: SQLType) throws(SQLFailure) -> [UInt8] {
        if let item = type.item {
            guard case .text(let array) = value else { return plain(value, type) }
            var values: [SQLValue] = []
            for part in try SQLArrayText.items(array) {
                values.append(try part.map { bytes throws(SQLFailure) in try self.value(.text(bytes), item) } ?? .null)
            }
            return joined(values, by: ",")
        }
        switch type {
        case .json, .jsonb, .int16, .int32, .int64: return plain(value, type)
        case .boolean:
            switch value {
            case .text(let text):
                let isTrue = text.first == UInt8(ascii: "t") || text.first == UInt8(ascii: "1")
                return Array((isTrue ? "true" : "false").utf8)
            default: return Array((value == .integer(0) ? "false" : "true").utf8)
            }
        case .float32, .float64, .numeric, .unknown:
            if type == .unknown, case .text = value { return SQLJSON.quoted(plain(value, type)) }
            let text = plain(value, type)
            // Infinity and NaN are no numbers of JSON.
            return text.contains { $0 | 0x20 == UInt8(ascii: "n") } ? SQLJSON.quoted(text) : text
        case .timestamp, .timestampWithZone:
            guard case .text(let text) = value, let stamp = SQLInstant.timestamp(text),
                let shown = SQLInstant.timestampText(stamp)
            else { return SQLJSON.quoted(plain(value, type)) }
            let zone = type == .timestampWithZone ? "+00:00" : ""
            return SQLJSON.quoted(shown.map { $0 == 0x20 ? UInt8(ascii: "T") : $0 } + zone.utf8)
        default: return SQLJSON.quoted(plain(value, type))
        }
    }

    private static func plain(_ value: SQLValue, _ type: SQLType) -> [UInt8] {
        switch value {
        case .text(let text): text
        case .bytes(let bytes): SQLBytesText.hexadecimal(bytes)
        case .double(let number) where type == .float32: SQLNumberText.float(Float(number))
        case .double(let number) where type == .numeric: SQLNumberText.decimal(number, scale: nil)
        default: Array((value.string ?? "").utf8)
        }
    }

    private static func element(_ value: SQLValue) -> [UInt8] {
        if case .text(let text) = value { text } else { Array("null".utf8) }
    }

    private static func joined(_ values: [SQLValue], by separator: String) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "[")]
        for (index, value) in values.enumerated() {
            if index > 0 { text += separator.utf8 }
            text += element(value)
        }
        return text + [UInt8(ascii: "]")]
    }

    /// An array as `json_build_array` and `json_agg` write it.
    static func array(_ values: [SQLValue], breaksLines: Bool = false) -> [UInt8] {
        joined(values, by: breaksLines ? ", \n " : ", ")
    }

    /// An object: `{ "a" : 1 }` of `json_object_agg`, and `{"a" : 1}`.
    static func object(_ pairs: [(key: SQLValue, value: SQLValue)], isSpaced: Bool = false) -> [UInt8] {
        object(pairs, isSpaced ? "{ " : "{", " : ", ", ", isSpaced ? " }" : "}")
    }

    /// `{"a":1}`, as a row becomes.
    static func row(_ pairs: [(key: SQLValue, value: SQLValue)]) -> [UInt8] { object(pairs, "{", ":", ",", "}") }

    private static func object(
        _ pairs: [(key: SQLValue, value: SQLValue)], _ open: String, _ colon: String, _ comma: String, _ close: String
    ) -> [UInt8] {
        var text = Array(open.utf8)
        for (index, pair) in pairs.enumerated() {
            if index > 0 { text += comma.utf8 }
            let key = element(pair.key)
            // A key is a string, whatever it was made of.
            text += key.first == UInt8(ascii: "\"") ? key : SQLJSON.quoted(key)
            text += colon.utf8
            text += element(pair.value)
        }
        return text + Array(close.utf8)
    }
}

/// Finds parts of a text of JSON, which stay as they are written (jsonfuncs.c, get_worker).
struct SQLJSONPart {
    private let bytes: ArraySlice<UInt8>

    /// The whole of a text that is JSON; of any other nothing that is told is certain.
    init(_ text: [UInt8]) { self.init(text[...]) }

    private init(_ slice: ArraySlice<UInt8>) {
        var slice = slice.drop(while: Self.isSpace)
        while let last = slice.last, Self.isSpace(last) { slice.removeLast() }
        bytes = slice
    }

    var text: [UInt8] { Array(bytes) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    var isArray: Bool { bytes.first == UInt8(ascii: "[") }

    /// As a text: a string without its quotes, and NULL for null.
    func shown() throws(SQLFailure) -> SQLValue {
        if bytes.first == UInt8(ascii: "\"") {
            guard case .string(let string) = try SQLJSON(text) else { return .null }
            return .text(string)
        }
        return bytes.elementsEqual("null".utf8) ? .null : .text(text)
    }

    /// The last member of that name, or the element of a place, which counts from the end where it is below zero.
    func item(_ key: SQLValue) throws(SQLFailure) -> SQLJSONPart? {
        switch (bytes.first, key) {
        case (UInt8(ascii: "{"), .text(let name)):
            for (key, value) in pieces().reversed() {
                if let key, case .string(let own) = try SQLJSON(Array(key), asText: true), own == name { return value }
            }
            return nil
        case (UInt8(ascii: "["), .integer(let number)):
            let items = pieces()
            let place = number < 0 ? Int64(items.count) &+ number : number
            return place >= 0 && place < items.count ? items[Int(place)].value : nil
        default: return nil
        }
    }

    /// The members of an object or the elements of an array.
    private func pieces() -> [(key: ArraySlice<UInt8>?, value: SQLJSONPart)] {
        var found: [(key: ArraySlice<UInt8>?, value: SQLJSONPart)] = []
        var key: ArraySlice<UInt8>?
        var (depth, start, at) = (0, bytes.startIndex + 1, bytes.startIndex)
        func end(_ place: Int) {
            let value = SQLJSONPart(bytes[min(start, place)..<place])
            if !value.bytes.isEmpty { found.append((key, value)) }
            (key, start) = (nil, place + 1)
        }
        while at < bytes.endIndex {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                while at < bytes.endIndex, bytes[at] != UInt8(ascii: "\"") {
                    at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
                }
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { end(at) }
            case UInt8(ascii: ",") where depth == 1: end(at)
            case UInt8(ascii: ":") where depth == 1:
                key = SQLJSONPart(bytes[min(start, at)..<at]).bytes
                start = at + 1
            default: break
            }
            at += 1
        }
        return found
    }
}
