// What a server says: the messages of the protocol as values.

import Digest

/// A message of the server (PostgreSQL documentation, "Message Formats").
struct PostgresMessage {
    /// Its first byte.
    var type: UInt8
    var value: Value
    /// As it came.
    var bytes: [UInt8]

    /// Messages that are a name and nothing else.
    private static let bare: [Character: String] = [
        "1": "ParseComplete", "2": "BindComplete", "3": "CloseComplete", "I": "EmptyQueryResponse", "n": "NoData",
        "s": "PortalSuspended", "c": "CopyDone",
    ]
    /// The names of all messages, as expectations use them for tags.
    static let types: Set<String> = Set(bare.values).union([
        "error", "notice", "Authentication", "BackendKeyData", "ParameterStatus", "ReadyForQuery", "RowDescription",
        "DataRow", "CommandComplete", "ParameterDescription", "CopyInResponse", "CopyOutResponse", "CopyBothResponse",
        "CopyData", "FunctionCallResponse", "NotificationResponse", "NegotiateProtocolVersion", "unknown",
    ])
    private static let copies: [Character: String] = [
        "G": "CopyInResponse", "H": "CopyOutResponse", "W": "CopyBothResponse",
    ]

    init(_ type: UInt8, body: [UInt8], bytes: [UInt8]) throws(DriverFailure) {
        self.type = type
        self.bytes = bytes
        let mark = Character(Unicode.Scalar(type))
        var reader = PostgresReader(body, "the message \(ValueText.quoted([type]))")
        if let name = Self.bare[mark] {
            value = .typed(name, .null)
        } else if let name = Self.copies[mark] {
            let format = try reader.byte()
            let columns = try reader.list { reader throws(DriverFailure) in .integer(Int64(try reader.int16())) }
            value = .typed(name, .fields([.init("format", .integer(Int64(format))), .init("columns", columns)]))
        } else {
            value = try Self.value(mark, &reader)
        }
        try reader.finish()
    }

    private static func value(_ mark: Character, _ reader: inout PostgresReader) throws(DriverFailure) -> Value {
        switch mark {
        case "R": return .typed("Authentication", try authentication(&reader))
        case "K":
            let pid = try reader.oid()
            let key = String(decoding: hexadecimal(reader.rest()), as: UTF8.self)
            return .typed("BackendKeyData", .fields([.init("pid", pid), .init("key", .text(key))]))
        case "S":
            return .typed("ParameterStatus", .list([.bytes(try reader.text()), .bytes(try reader.text())]))
        case "Z": return .typed("ReadyForQuery", .bytes([try reader.byte()]))
        case "T": return .typed("RowDescription", try reader.list(column))
        case "D":
            return .typed("DataRow", try reader.list { reader throws(DriverFailure) in try reader.value() })
        case "C": return .typed("CommandComplete", .bytes(try reader.text()))
        case "t":
            return .typed("ParameterDescription", try reader.list { reader throws(DriverFailure) in try reader.oid() })
        case "d": return .typed("CopyData", .bytes(reader.rest()))
        case "V": return .typed("FunctionCallResponse", try reader.value())
        case "E": return .typed("error", try report(&reader))
        case "N": return .typed("notice", try report(&reader))
        case "A":
            return .typed(
                "NotificationResponse",
                .fields([
                    .init("pid", try reader.oid()), .init("channel", .bytes(try reader.text())),
                    .init("payload", .bytes(try reader.text())),
                ]))
        case "v":
            let minor = try reader.int32()
            let count = try reader.int32()
            var options: [Value] = []
            for _ in 0..<max(count, 0) { options.append(.bytes(try reader.text())) }
            return .typed(
                "NegotiateProtocolVersion",
                .fields([.init("version", .integer(Int64(minor))), .init("options", .list(options))]))
        default:
            return .typed(
                "unknown", .fields([.init("type", .text(String(mark))), .init("body", .bytes(reader.rest()))]))
        }
    }

    /// Kinds of requests for authentication that hold nothing but their number.
    private static let authentications = [
        0: "ok", 2: "kerberos", 3: "cleartext", 7: "gss", 9: "sspi",
    ]

    private static func authentication(_ reader: inout PostgresReader) throws(DriverFailure) -> Value {
        let code = try reader.int32()
        func kind(_ kind: String, _ more: [Value.Field] = []) -> Value {
            .fields([.init("kind", .text(kind))] + more)
        }
        switch code {
        case 5: return kind("md5", [.init("data", .bytes(hexadecimal(try reader.take(4))))])
        case 8: return kind("gss-continue", [.init("data", .bytes(reader.rest()))])
        case 10:
            var mechanisms: [Value] = []
            while true {
                let name = try reader.text()
                if name.isEmpty { break }
                mechanisms.append(.bytes(name))
            }
            return kind("sasl", [.init("mechanisms", .list(mechanisms))])
        case 11: return kind("sasl-continue", [.init("data", .bytes(reader.rest()))])
        case 12: return kind("sasl-final", [.init("data", .bytes(reader.rest()))])
        default:
            guard let name = authentications[code] else { throw reader.malformed("\(code) is no authentication") }
            return kind(name)
        }
    }

    private static func column(_ reader: inout PostgresReader) throws(DriverFailure) -> Value {
        let name = try reader.text()
        // A table's number differs from server to server; that the column comes from one does not.
        let table = try reader.int32()
        return .fields([
            .init("name", .bytes(name)), .init("from-table", .boolean(table != 0)),
            .init("attribute", .integer(Int64(try reader.int16()))), .init("type", try reader.oid()),
            .init("size", .integer(Int64(try reader.int16()))), .init("modifier", .integer(Int64(try reader.int32()))),
            .init("format", .integer(Int64(try reader.int16()))),
        ])
    }

    /// The fields of errors and notices; places in the server's source are left out, for they say nothing to a client.
    static let reportFields: [(mark: Character, name: String)] = [
        ("S", "severity"), ("V", "level"), ("C", "sqlstate"), ("M", "message"), ("D", "detail"), ("H", "hint"),
        ("P", "position"), ("p", "internal-position"), ("q", "internal-query"), ("W", "where"), ("s", "schema"),
        ("t", "table"), ("c", "column"), ("d", "type"), ("n", "constraint"),
    ]

    private static func report(_ reader: inout PostgresReader) throws(DriverFailure) -> Value {
        var fields: [Value.Field] = []
        while true {
            let mark = try reader.byte()
            if mark == 0 { break }
            let text = try reader.text()
            if let name = reportFields.first(where: { $0.mark == Character(Unicode.Scalar(mark)) })?.name {
                fields.append(.init(name, .bytes(text)))
            }
        }
        return .fields(fields)
    }
}
