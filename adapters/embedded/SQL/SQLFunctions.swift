// Functions of ours inside SQLite: how they are registered and what they are given.

import CSQLite
import Capabilities
import Glibc

/// Registers functions on a connection.
enum SQLiteFunctions {
    typealias Body = @Sendable (SQLiteConnection, [SQLValue]) throws(SQLFailure) -> SQLValue

    /// A function's body and the connection it belongs to, which outlives it.
    private final class Holder {
        unowned(unsafe) let connection: SQLiteConnection
        let body: Body

        init(_ connection: SQLiteConnection, _ body: @escaping Body) {
            self.connection = connection
            self.body = body
        }
    }

    static func register(on connection: SQLiteConnection) throws(SQLFailure) {
        let own = [
            casts, arrays, texts, characters, outputs, whole, times, sessions, locks, catalogue, checks, decimals,
            fitted, zones, upserts, sequences, json, jsonTexts, jsonChanges, mathematics,
        ].joined()
        for (name, count, isConstant, body) in own {
            try add(name, count, isConstant: isConstant, body, to: connection)
        }
        for function in connection.settings.functions {
            for count in function.arguments {
                try add(
                    function.name, Int32(count), isConstant: false,
                    { connection, values throws(SQLFailure) in
                        try function.call(values, { connection.mustStop })
                    }, to: connection)
            }
        }
        try registerChecks(on: connection)
        try registerDecimals(on: connection)
        try registerGathered(on: connection)
        try registerExtremes(on: connection)
        try registerSpreads(on: connection)
        try registerFloats(on: connection)
        try registerJSONOrder(on: connection)
    }

    /// Adds a function of `count` arguments, any number for -1; a constant one gives the same for the same arguments.
    private static func add(
        _ name: String, _ count: Int32, isConstant: Bool, _ body: @escaping Body, to connection: SQLiteConnection
    ) throws(SQLFailure) {
        let holder = Unmanaged.passRetained(Holder(connection, body))
        let flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (isConstant ? SQLITE_DETERMINISTIC : 0)
        let code = sqlite3_create_function_v2(
            connection.handle, name, count, flags, holder.toOpaque(), { SQLiteFunctions.call($0, $1, $2) }, nil, nil,
            { if let holder = $0 { Unmanaged<Holder>.fromOpaque(holder).release() } })
        guard code == SQLITE_OK else { throw connection.failure() }
    }

    private static func call(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard let data = sqlite3_user_data(context) else { return }
        let holder = Unmanaged<Holder>.fromOpaque(data).takeUnretainedValue()
        let values = (0..<Int(count)).map { value(arguments?[$0]) }
        do throws(SQLFailure) {
            give(try holder.body(holder.connection, values), to: context)
        } catch {
            if error == .cancelled {
                sqlite3_result_error_code(context, SQLITE_INTERRUPT)
                return
            }
            let text = Array("\(SQLiteFailure.mark)\(error.state)\(error.message)".utf8)
            text.withUnsafeBytes {
                sqlite3_result_error(
                    context, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count))
            }
        }
    }

    static func value(_ value: OpaquePointer?) -> SQLValue {
        switch sqlite3_value_type(value) {
        case SQLITE_INTEGER: return .integer(sqlite3_value_int64(value))
        case SQLITE_FLOAT: return .double(sqlite3_value_double(value))
        case SQLITE_TEXT:
            let text = sqlite3_value_text(value)
            return .text(
                Array(UnsafeBufferPointer(start: text, count: text == nil ? 0 : Int(sqlite3_value_bytes(value)))))
        case SQLITE_BLOB:
            let blob = sqlite3_value_blob(value)
            return .bytes(
                Array(UnsafeRawBufferPointer(start: blob, count: blob == nil ? 0 : Int(sqlite3_value_bytes(value)))))
        default: return .null
        }
    }

    static func give(_ value: SQLValue, to context: OpaquePointer?) {
        switch value {
        case .null: sqlite3_result_null(context)
        case .integer(let number): sqlite3_result_int64(context, number)
        case .double(let number): sqlite3_result_double(context, number)
        case .text(let bytes):
            (bytes.isEmpty ? [0] : bytes).withUnsafeBytes {
                fl_sqlite_result_text(context, $0.baseAddress, UInt64(bytes.count))
            }
        case .bytes(let bytes):
            (bytes.isEmpty ? [0] : bytes).withUnsafeBytes {
                fl_sqlite_result_blob(context, $0.baseAddress, UInt64(bytes.count))
            }
        }
    }

    // MARK: Conversions

    private static let casts: [(String, Int32, Bool, Body)] = [
        (
            "fairlead_cast", 3, true,
            { connection, values throws(SQLFailure) in
                guard case .integer(let number) = values[1], case .integer(let modifier) = values[2] else {
                    return .null
                }
                let type = SQLType(rawValue: UInt32(truncatingIfNeeded: number)) ?? .text
                return try SQLCast.convert(values[0], to: type, Int32(truncatingIfNeeded: modifier), connection)
            }
        ),
        // Whether a value can stand in a column of this type; NULL can.
        (
            "fairlead_is", 2, true,
            { connection, values in
                guard values[0] != .null, case .integer(let number) = values[1],
                    let type = SQLType(rawValue: UInt32(truncatingIfNeeded: number))
                else { return .integer(1) }
                let isValid = (try? SQLCast.convert(values[0], to: type, -1, connection)) != nil
                return .integer(isValid ? 1 : 0)
            }
        ),
        (
            "fairlead_divisor", 1, true,
            { _, values throws(SQLFailure) in
                switch values[0] {
                case .integer(0), .double(0): throw SQLFailure("22012", "division by zero")
                case .text(let text) where (Double(String(decoding: text, as: UTF8.self)) ?? 1) == 0:
                    throw SQLFailure("22012", "division by zero")
                default: return values[0]
                }
            }
        ),
    ]
}

extension SQLValue {
    /// The characters of a text, or of a number's text; nil for NULL.
    var string: String? {
        switch self {
        case .null: nil
        case .integer(let number): String(number)
        case .double(let number): String(decoding: SQLNumberText.float(number), as: UTF8.self)
        case .text(let bytes), .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }

    var isBytes: Bool {
        if case .bytes = self { true } else { false }
    }

    var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .double(let number): Int64(exactly: number.rounded())
        case .text(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        case .null, .bytes: nil
        }
    }

    var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .double(let number): number
        case .text(let bytes): Double(String(decoding: bytes, as: UTF8.self))
        case .null, .bytes: nil
        }
    }
}
