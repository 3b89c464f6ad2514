// Values, columns and failures of SQL as messages, and back.

import Capabilities

extension ProtoSqlValue {
    init(_ value: SQLValue) {
        self.init()
        switch value {
        case .null: null = .init()
        case .integer(let integer): self.integer = integer
        case .double(let double): self.double = double
        case .text(let text): self.text = String(decoding: text, as: UTF8.self)
        case .bytes(let bytes): self.bytes = bytes.data
        }
    }
}

extension SQLValue {
    init(_ message: ProtoSqlValue) {
        self =
            switch message.kind {
            case .null, nil: .null
            case .integer(let integer): .integer(integer)
            case .double(let double): .double(double)
            case .text(let text): .text(Array(text.utf8))
            case .bytes(let bytes): .bytes(bytes.array)
            }
    }
}

extension SQLType {
    /// Unknown for a number that is not known here.
    init(number: UInt32) { self = SQLType(rawValue: number) ?? .unknown }
}

extension SQLColumn {
    init(_ message: ProtoSqlColumn) {
        self.init(message.name, SQLType(number: message.type), modifier: message.hasModifier ? message.modifier : -1)
    }
}

extension ProtoSqlColumn {
    init(_ column: SQLColumn) {
        self.init()
        name = column.name
        type = column.type.rawValue
        if column.modifier != -1 { modifier = column.modifier }
    }
}

extension ProtoSqlReply.Columns {
    /// Nil when no rows come.
    var list: [SQLColumn]? { hasRows_p ? columns.map(SQLColumn.init) : nil }
}

extension ProtoSqlRequest.Open {
    init(_ settings: SQLSessionSettings, session: UInt64) {
        self.init()
        database = settings.database
        user = settings.user
        self.session = session
        relations = settings.relations.map { relation in
            .with {
                $0.schema = relation.name.schema ?? ""
                $0.name = relation.name.name
                $0.columns = relation.columns.map(ProtoSqlColumn.init)
                $0.values = relation.values.map(ProtoSqlValue.init)
            }
        }
        facts = settings.facts.mapValues(ProtoSqlValue.init)
    }
}

extension SQLFailure {
    init(_ message: ProtoSqlFailure) {
        // A state of another length would break the front's message; XX000 is "internal error".
        self.init(message.state.utf8.count == 5 ? message.state : "XX000", message.message)
        detail = Self.some(message.detail)
        hint = Self.some(message.hint)
        offset = message.hasOffset ? Int(message.offset) : nil
        row = message.hasRow ? Int(message.row) : nil
        table = Self.some(message.table)
        column = Self.some(message.column)
        constraint = Self.some(message.constraint)
        refused = Capability(rawValue: message.capability)
    }

    private static func some(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// A failed call as SQL has it; class 08 where it is not known what was done.
    init(_ failure: Failure) {
        switch failure {
        case .refused(let capability, let reason): self = .refused(capability, reason)
        case .unavailable(let text), .indeterminate(let text): self.init("08006", text)
        case .protocolBroken(let text): self.init("08P01", text)
        case .tooLarge(let limit): self.init("54000", "a message to the adapter process has at most \(limit) bytes")
        case .cancelled: self = .cancelled
        case .backend(let text), .invalid(let text): self.init("XX000", text)
        default: self.init("XX000", "the adapter process answered with a failure that is none of SQL")
        }
    }
}
