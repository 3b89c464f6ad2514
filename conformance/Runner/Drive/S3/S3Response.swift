// An answer of an S3 server, and how cases see it.

/// One answer, complete.
struct S3Response {
    struct Field {
        /// In lower case.
        var name: String
        var value: [UInt8]
    }

    var status: Int
    var fields: [Field] = []
    var body: [UInt8] = []
    /// The statuses of interim answers that came before it.
    var interim: [Int] = []
    /// Whether the connection is of no use any more.
    var closes = false

    /// The value of the field called `name`, or nil; several are joined as RFC 9110, 5.3, has it.
    func field(_ name: String) -> String? {
        let values = fields.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : String(decoding: Array(values.joined(separator: [0x2C, 0x20])), as: UTF8.self)
    }

    /// Takes a line of the head apart and keeps it; nil when it is no field.
    mutating func add(line: some Collection<UInt8>) -> Bool {
        guard let colon = line.firstIndex(of: 0x3A), colon != line.startIndex else { return false }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let value = Array(
            line[line.index(after: colon)...].drop(while: isBlank).reversed().drop(while: isBlank).reversed())
        fields.append(Field(name: name, value: value))
        return true
    }

    /// The status of a status line; nil when the line is none (RFC 9112, 4).
    static func status(line: some Collection<UInt8>) -> Int? {
        let text = String(decoding: line.prefix(13), as: UTF8.self)
        guard text.hasPrefix("HTTP/1."), text.utf8.count >= 12 else { return nil }
        let digits = text.dropFirst(9).prefix(3)
        return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
    }

    /// The document in the body, or nil where there is none; a body without a type is one if it says so itself.
    var document: Value? {
        guard !body.isEmpty, field("content-type")?.contains("xml") ?? body.starts(with: Array("<?xml".utf8)) else {
            return nil
        }
        return S3XML.value(of: body)
    }

    /// What cases look at: `status`, `headers`, and the body as `xml` where it is a document, else as `body`.
    func value(asBytes: Bool) -> Value {
        var headers: [Value.Field] = []
        for field in fields where !headers.contains(where: { $0.name == field.name }) {
            headers.append(.init(field.name, .text(self.field(field.name) ?? "")))
        }
        // The order of headers is nobody's promise.
        headers.sort { $0.name < $1.name }
        var parts: [Value.Field] = [.init("status", .integer(Int64(status))), .init("headers", .fields(headers))]
        if !interim.isEmpty { parts.append(.init("interim", .list(interim.map { .integer(Int64($0)) }))) }
        if !asBytes, let document {
            parts.append(.init("xml", document))
        } else {
            parts.append(.init("body", .bytes(body)))
        }
        return .fields(parts)
    }
}
