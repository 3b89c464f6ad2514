// libpq's results as values.

import CPostgres

/// Reads results of libpq.
enum LibpqResult {
    /// The value of a result, which is cleared; nil for what only says that COPY begins or ends.
    static func take(_ result: OpaquePointer) -> Value {
        defer { PQclear(result) }
        return value(result)
    }

    private static func value(_ result: OpaquePointer) -> Value {
        switch PQresultStatus(result) {
        case PGRES_EMPTY_QUERY: return .typed("empty", .null)
        case PGRES_COMMAND_OK: return command(result)
        case PGRES_TUPLES_OK: return .fields(table(result) + [.init("tag", tag(result))])
        case PGRES_SINGLE_TUPLE: return .typed("single", .list(row(result, 0)))
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE: return .typed("error", report(result))
        case PGRES_NONFATAL_ERROR: return .typed("notice", report(result))
        case PGRES_PIPELINE_SYNC: return .typed("sync", .null)
        case PGRES_PIPELINE_ABORTED: return .typed("aborted", .null)
        case PGRES_COPY_IN: return copy("CopyInResponse", result)
        case PGRES_COPY_OUT: return copy("CopyOutResponse", result)
        case PGRES_COPY_BOTH: return copy("CopyBothResponse", result)
        default: return .text(text(PQresStatus(PQresultStatus(result))))
        }
    }

    /// A command without rows; of a description it holds the types of parameters and the columns.
    private static func command(_ result: OpaquePointer) -> Value {
        let stated = tag(result)
        guard stated == .text("") else { return .fields([.init("tag", stated)]) }
        let parameters = (0..<PQnparams(result)).map { Value.integer(Int64(PQparamtype(result, $0))) }
        return .fields([.init("params", .list(parameters))] + columns(result))
    }

    private static func copy(_ type: String, _ result: OpaquePointer) -> Value {
        let formats = (0..<PQnfields(result)).map { Value.integer(Int64(PQfformat(result, $0))) }
        return .typed(
            type,
            .fields([.init("format", .integer(Int64(PQbinaryTuples(result)))), .init("columns", .list(formats))]))
    }

    private static func tag(_ result: OpaquePointer) -> Value { .text(text(PQcmdStatus(result))) }

    private static func columns(_ result: OpaquePointer) -> [Value.Field] {
        let places = 0..<PQnfields(result)
        return [
            .init("columns", .list(places.map { .text(text(PQfname(result, $0))) })),
            .init("types", .list(places.map { .integer(Int64(PQftype(result, $0))) })),
        ]
    }

    private static func table(_ result: OpaquePointer) -> [Value.Field] {
        columns(result) + [.init("rows", .list((0..<PQntuples(result)).map { .list(row(result, $0)) }))]
    }

    private static func row(_ result: OpaquePointer, _ row: Int32) -> [Value] {
        (0..<PQnfields(result)).map { column in
            guard PQgetisnull(result, row, column) == 0 else { return .null }
            return .bytes(bytes(PQgetvalue(result, row, column), Int(PQgetlength(result, row, column))))
        }
    }

    /// The fields of an error or a notice, as the raw client names them.
    static func report(_ result: OpaquePointer) -> Value {
        var fields: [Value.Field] = []
        for field in PostgresMessage.reportFields {
            if let text = PQresultErrorField(result, Int32(field.mark.asciiValue ?? 0)) {
                fields.append(.init(field.name, .text(String(cString: text))))
            }
        }
        // What libpq says itself, such as of a connection that broke, has no fields.
        if fields.isEmpty { fields = [.init("message", .text(text(PQresultErrorMessage(result)).trimmedEnd))] }
        return .fields(fields)
    }

    static func text(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }

    static func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> [UInt8] {
        guard let start, count > 0 else { return [] }
        return start.withMemoryRebound(to: UInt8.self, capacity: count) {
            Array(UnsafeBufferPointer(start: $0, count: count))
        }
    }
}

extension String {
    /// Without line ends behind it.
    var trimmedEnd: String {
        var text = self[...]
        while text.last?.isNewline ?? false { text.removeLast() }
        return String(text)
    }
}
