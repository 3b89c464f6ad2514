// Reads the documents of S3 into values: elements by name, lists where the API has lists.

/// A reader of the XML that S3 servers write, with bounds on everything.
///
/// Text is bytes, an element with elements in it is fields; attributes of those are fields whose names begin with `@`.
/// Names of which the API has any number are lists even where there is one; other names are where they come twice.
enum S3XML {
    /// Bounds of one document: 1000 keys have some 10,000 elements.
    fileprivate static let deepest = 32
    fileprivate static let elementsAtMost = 200_000

    /// Elements that lists consist of, and the parent where the same name also stands alone.
    private static let lists: [String: String?] = [
        "Contents": nil, "CommonPrefixes": nil, "Part": nil, "Upload": nil, "Version": nil,
        "DeleteMarker": "ListVersionsResult",
        "Deleted": nil, "Tag": nil, "Grant": nil, "Rule": nil, "CORSRule": nil, "AllowedMethod": nil,
        "AllowedOrigin": nil, "AllowedHeader": nil, "ExposeHeader": nil, "Bucket": "Buckets", "Error": "DeleteResult",
    ]

    fileprivate static func isList(_ name: String, in parent: String) -> Bool {
        guard let place = lists[name] else { return false }
        return place == nil || place == parent
    }

    /// The document of `bytes` as `{ROOT: …}`; nil where it is not well formed or out of bounds.
    static func value(of bytes: [UInt8]) -> Value? {
        var parser = Parser(bytes: bytes)
        guard let (name, value) = parser.document() else { return nil }
        return .fields([.init(name, value)])
    }

    private struct Parser {
        let bytes: [UInt8]
        var index = 0
        var elements = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func document() -> (String, Value)? {
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
            guard skipMisc(), let root = element(depth: 0), skipMisc(), index == bytes.count else { return nil }
            return root
        }

        private func starts(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard index + count <= bytes.count else { return false }
            return text.withUTF8Buffer { bytes[index..<index + count].elementsEqual($0) }
        }

        /// Goes behind the next `text`; false when there is none.
        private mutating func skip(past text: StaticString) -> Bool {
            while index < bytes.count {
                if starts(text) {
                    index += text.utf8CodeUnitCount
                    return true
                }
                index += 1
            }
            return false
        }

        private mutating func skipSpace() {
            while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
        }

        private static func isSpace(_ byte: UInt8) -> Bool {
            byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D
        }

        /// White space, comments and instructions.
        private mutating func skipMisc() -> Bool {
            while true {
                skipSpace()
                if starts("<?") {
                    guard skip(past: "?>") else { return false }
                } else if starts("<!--") {
                    guard skip(past: "-->") else { return false }
                } else {
                    return true
                }
            }
        }

        private mutating func name() -> String? {
            let start = index
            while index < bytes.count, !Self.isSpace(bytes[index]), !"<>/=".utf8.contains(bytes[index]) { index += 1 }
            return index == start ? nil : String(decoding: bytes[start..<index], as: UTF8.self)
        }

        private mutating func element(depth: Int) -> (String, Value)? {
            elements += 1
            guard depth < S3XML.deepest, elements <= S3XML.elementsAtMost, starts("<") else { return nil }
            index += 1
            guard let qualified = self.name(), let (attributes, isEmpty) = self.attributes() else { return nil }
            let local = qualified.split(separator: ":").last.map(String.init) ?? qualified
            if isEmpty { return (local, .bytes([])) }
            var text: [UInt8] = []
            var children: [(String, Value)] = []
            while index < bytes.count {
                if starts("</") {
                    index += 2
                    guard name() == qualified else { return nil }
                    skipSpace()
                    guard starts(">") else { return nil }
                    index += 1
                    if children.isEmpty { return (local, .bytes(text)) }
                    return (local, .fields(attributes + Self.fields(of: children, in: local)))
                } else if starts("<![CDATA[") {
                    let start = index + 9
                    guard skip(past: "]]>") else { return nil }
                    text += bytes[start..<index - 3]
                } else if starts("<!--") || starts("<?") {
                    guard skip(past: starts("<?") ? "?>" : "-->") else { return nil }
                } else if starts("<") {
                    guard let child = element(depth: depth + 1) else { return nil }
                    children.append(child)
                } else if starts("&") {
                    guard let character = reference() else { return nil }
                    text += character
                } else {
                    text.append(bytes[index])
                    index += 1
                }
            }
            return nil
        }

        private static func fields(of children: [(String, Value)], in parent: String) -> [Value.Field] {
            var places: [String: Int] = [:]
            var all: [(name: String, values: [Value])] = []
            for (name, value) in children {
                if let place = places[name] {
                    all[place].values.append(value)
                } else {
                    places[name] = all.count
                    all.append((name: name, values: [value]))
                }
            }
            return all.map { name, values in
                .init(name, values.count > 1 || S3XML.isList(name, in: parent) ? .list(values) : values[0])
            }
        }

        /// The attributes up to the end of a tag, and whether the element ends with it.
        private mutating func attributes() -> ([Value.Field], isEmpty: Bool)? {
            var attributes: [Value.Field] = []
            while true {
                skipSpace()
                if starts("/>") {
                    index += 2
                    return (attributes, true)
                }
                if starts(">") {
                    index += 1
                    return (attributes, false)
                }
                guard let name = self.name() else { return nil }
                skipSpace()
                guard starts("=") else { return nil }
                index += 1
                skipSpace()
                guard index < bytes.count, bytes[index] == 0x22 || bytes[index] == 0x27 else { return nil }
                let quote = bytes[index]
                index += 1
                var value: [UInt8] = []
                while index < bytes.count, bytes[index] != quote {
                    if starts("&") {
                        guard let character = reference() else { return nil }
                        value += character
                    } else {
                        value.append(bytes[index])
                        index += 1
                    }
                }
                guard index < bytes.count else { return nil }
                index += 1
                attributes.append(.init("@\(name)", .bytes(value)))
            }
        }

        private mutating func reference() -> [UInt8]? {
            guard let end = bytes[index...].prefix(12).firstIndex(of: 0x3B) else { return nil }
            let name = String(decoding: bytes[index + 1..<end], as: UTF8.self)
            index = end + 1
            switch name {
            case "amp": return [0x26]
            case "lt": return [0x3C]
            case "gt": return [0x3E]
            case "quot": return [0x22]
            case "apos": return [0x27]
            default:
                let isHexadecimal = name.hasPrefix("#x")
                guard name.hasPrefix("#"),
                    let value = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10),
                    let scalar = Unicode.Scalar(value)
                else { return nil }
                return Array(String(scalar).utf8)
            }
        }
    }
}
