// Aggregates over values in an order: array_agg and string_agg with ORDER BY, which this SQLite does not know.

import CSQLite
import Capabilities

extension SQLiteFunctions {
    /// The rows of one group.
    private final class Rows {
        struct Row {
            var value: SQLValue
            var separator: SQLValue
            var keys: [SQLValue]
        }

        let order: SQLAggregateOrder
        var rows: [Row] = []
        var bytes = 0

        init(_ order: SQLAggregateOrder) { self.order = order }
    }

    /// `fairlead_ordered(order, value, key, …)` gives an array's text, with a separator behind the value a text.
    static func registerOrdered(on connection: SQLiteConnection) throws(SQLFailure) {
        let code = sqlite3_create_function_v2(
            connection.handle, "fairlead_ordered", -1, SQLITE_UTF8 | SQLITE_INNOCUOUS, nil, nil,
            { SQLiteFunctions.addOrdered($0, $1, $2) }, { SQLiteFunctions.giveOrdered($0) }, nil)
        guard code == SQLITE_OK else { throw connection.failure() }
    }

    private static func addOrdered(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        let values = (0..<Int(count)).map { value(arguments?[$0]) }
        let size = Int32(MemoryLayout<UnsafeMutableRawPointer?>.size)
        guard let place = sqlite3_aggregate_context(context, size), let text = values.first?.string,
            let order = SQLAggregateOrder(text: text)
        else { return sqlite3_result_error_nomem(context) }
        let held = place.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
        if held.pointee == nil { held.pointee = Unmanaged.passRetained(Rows(order)).toOpaque() }
        guard let pointer = held.pointee else { return }
        let rows = Unmanaged<Rows>.fromOpaque(pointer).takeUnretainedValue()
        let first = order.isText ? 3 : 2
        guard values.count == first + order.keys.count else { return sqlite3_result_error_nomem(context) }
        // A text has no place for what is NULL.
        if order.isText, values[1] == .null { return }
        for value in values.dropFirst() {
            rows.bytes += 16
            if case .text(let text) = value { rows.bytes += text.count }
            if case .bytes(let data) = value { rows.bytes += data.count }
        }
        guard rows.bytes <= Int(SQLiteConnection.largestValue) else { return sqlite3_result_error_toobig(context) }
        rows.rows.append(
            Rows.Row(
                value: values[1], separator: order.isText ? values[2] : .null, keys: Array(values[first...])))
    }

    private static func giveOrdered(_ context: OpaquePointer?) {
        guard let place = sqlite3_aggregate_context(context, 0) else { return sqlite3_result_null(context) }
        let held = place.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
        guard let pointer = held.pointee else { return sqlite3_result_null(context) }
        held.pointee = nil
        let rows = Unmanaged<Rows>.fromOpaque(pointer).takeRetainedValue()
        // As in SQLite and in PostgreSQL, equal ones stay in the order in which they came.
        let sorted = rows.rows.enumerated().sorted { left, right in
            rows.order.compare(left.element.keys, right.element.keys) ?? (left.offset < right.offset)
        }.map(\.element)
        guard rows.order.isText else {
            let items = sorted.map { row in row.value.string.map { Array($0.utf8) } }
            return give(.text(SQLArrayText.text(items)), to: context)
        }
        guard !sorted.isEmpty else { return sqlite3_result_null(context) }
        var text: [UInt8] = []
        for (index, row) in sorted.enumerated() {
            if index > 0 { text += (row.separator.string ?? "").utf8 }
            text += (row.value.string ?? "").utf8
        }
        give(.text(text), to: context)
    }
}

/// How an aggregate orders its rows, as a text that SQLite carries: `a` or `s`, then for each key `a` or `d` and where NULL
/// stands, `f` or `l`.
struct SQLAggregateOrder: Equatable {
    struct Key: Equatable {
        var isDescending: Bool
        var nullsFirst: Bool
    }

    var isText: Bool
    var keys: [Key]

    init(isText: Bool, keys: [Key]) {
        self.isText = isText
        self.keys = keys
    }

    init?(text: String) {
        let bytes = Array(text.utf8)
        guard let kind = bytes.first, bytes.count % 2 == 1 else { return nil }
        isText = kind == UInt8(ascii: "s")
        keys = stride(from: 1, to: bytes.count, by: 2).map {
            Key(isDescending: bytes[$0] == UInt8(ascii: "d"), nullsFirst: bytes[$0 + 1] == UInt8(ascii: "f"))
        }
    }

    var text: String {
        (isText ? "s" : "a")
            + keys.map { ($0.isDescending ? "d" : "a") + ($0.nullsFirst ? "f" : "l") }.joined()
    }

    /// Whether the first stands before the second; nil where they are equal.
    func compare(_ left: [SQLValue], _ right: [SQLValue]) -> Bool? {
        for (index, key) in keys.enumerated() where left[index] != right[index] {
            if left[index] == .null { return key.nullsFirst }
            if right[index] == .null { return !key.nullsFirst }
            guard let isLess = Self.isLess(left[index], right[index]) else { continue }
            return isLess != key.isDescending
        }
        return nil
    }

    /// Nil for numbers that are equal.
    private static func isLess(_ left: SQLValue, _ right: SQLValue) -> Bool? {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): return left == right ? nil : left < right
        case (.text(let left), .text(let right)), (.bytes(let left), .bytes(let right)):
            return left == right ? nil : left.lexicographicallyPrecedes(right)
        default:
            guard let one = left.number, let other = right.number, one != other else { return nil }
            return one < other
        }
    }
}
