// Aggregates that gather the values of their rows, in an order or without one, which this SQLite does not know.

import CSQLite
import Capabilities

extension SQLiteFunctions {
    /// The rows of one group, or of a window's frame.
    private final class Rows {
        struct Row {
            var value: SQLValue
            /// A text's separator, or the value of a key.
            var second: SQLValue
            var keys: [SQLValue]

            var bytes: Int { ([value, second] + keys).reduce(0) { $0 + 16 + ($1.string?.utf8.count ?? 0) } }
        }

        let gathering: SQLGathering
        /// Those that have left the frame are before `first`.
        private var rows: [Row] = []
        private var first = 0
        private var bytes = 0

        init(_ gathering: SQLGathering) { self.gathering = gathering }

        /// Whether there is room for it.
        func add(_ row: Row) -> Bool {
            bytes += row.bytes
            rows.append(row)
            return bytes <= Int(SQLiteConnection.largestValue)
        }

        /// Takes the oldest one away: a frame only moves on.
        func removeFirst() {
            guard first < rows.count else { return }
            bytes -= rows[first].bytes
            first += 1
            if first > 1_024, first * 2 > rows.count {
                rows.removeFirst(first)
                first = 0
            }
        }

        /// As in SQLite and in PostgreSQL, equal ones stay in the order in which they came.
        func sorted() -> [Row] {
            guard !gathering.keys.isEmpty else { return Array(rows[first...]) }
            let sorted = rows[first...].enumerated().sorted { left, right in
                gathering.compare(left.element.keys, right.element.keys) ?? (left.offset < right.offset)
            }.map(\.element)
            guard gathering.isDistinct else { return sorted }
            var distinct: [Row] = []
            for row in sorted where distinct.last?.keys != row.keys { distinct.append(row) }
            return distinct
        }
    }

    /// `fairlead_gathered(how, value, key, …)`: see ``SQLGathering``.
    static func registerGathered(on connection: SQLiteConnection) throws(SQLFailure) {
        let code = sqlite3_create_window_function(
            connection.handle, "fairlead_gathered", -1, SQLITE_UTF8 | SQLITE_INNOCUOUS, nil,
            { SQLiteFunctions.gather($0, $1, $2) },
            {
                SQLiteFunctions.giveGathered($0)
                _ = SQLiteFunctions.taken($0, Rows.self)
            }, { SQLiteFunctions.giveGathered($0) }, { SQLiteFunctions.leave($0, $1, $2) }, nil)
        guard code == SQLITE_OK else { throw connection.failure() }
    }

    private static func gather(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        let values = (0..<Int(count)).map { value(arguments?[$0]) }
        guard let text = values.first?.string, let gathering = SQLGathering(text: text),
            values.count == 1 + gathering.kind.width + (gathering.isDistinct ? 0 : gathering.keys.count)
        else { return sqlite3_result_error_nomem(context) }
        guard let rows = held(context, makes: { Rows(gathering) }) else { return sqlite3_result_error_nomem(context) }
        if gathering.leavesOut(values[1]) { return }
        if gathering.kind.hasKeys, values[1] == .null {
            return fail(context, "22023", "field name must not be null")
        }
        let row = Rows.Row(
            value: values[1], second: gathering.kind.width > 1 ? values[2] : .null,
            keys: gathering.isDistinct ? [values[1]] : Array(values[(1 + gathering.kind.width)...]))
        guard rows.add(row) else { return sqlite3_result_error_toobig(context) }
    }

    /// What a row leaves that is no longer in a window's frame.
    private static func leave(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard count > 1, let rows = held(context, Rows.self), !rows.gathering.leavesOut(value(arguments?[1])) else {
            return
        }
        rows.removeFirst()
    }

    private static func giveGathered(_ context: OpaquePointer?) {
        guard let gathered = held(context, Rows.self) else { return sqlite3_result_null(context) }
        let rows = gathered.sorted()
        guard !rows.isEmpty else { return sqlite3_result_null(context) }
        var text: [UInt8] = []
        switch gathered.gathering.kind {
        case .array: text = SQLArrayText.text(rows.map { row in row.value.string.map { Array($0.utf8) } })
        case .text:
            for (index, row) in rows.enumerated() {
                if index > 0 { text += (row.second.string ?? "").utf8 }
                text += (row.value.string ?? "").utf8
            }
        case .json, .lines, .jsonb:
            text = SQLJSONText.array(rows.map(\.value), breaksLines: gathered.gathering.kind == .lines)
        case .object, .jsonbObject: text = SQLJSONText.object(rows.map { ($0.value, $0.second) }, isSpaced: true)
        }
        do throws(SQLFailure) {
            if gathered.gathering.kind.isBinary { text = try SQLJSON(text).text }
            give(.text(text), to: context)
        } catch {
            fail(context, error.state, error.message)
        }
    }
}

/// How an aggregate gathers its rows, as a text that SQLite carries: what becomes of them; `d` where equal ones count once,
/// whose value is their key, else `-`; then for each key `a` or `d` and where NULL stands, `f` or `l`.
struct SQLGathering: Equatable {
    /// What becomes of the rows; the JSON ones are given values that are JSON already.
    enum Kind: String {
        case array = "a"
        /// A text, with the separator behind each value.
        case text = "s"
        /// A JSON array, and one whose elements stand on lines of their own.
        case json = "j"
        case lines = "l"
        case jsonb = "b"
        /// A JSON object, of keys and values.
        case object = "o"
        case jsonbObject = "p"

        var hasKeys: Bool { self == .object || self == .jsonbObject }
        var isBinary: Bool { self == .jsonb || self == .jsonbObject }
        /// Arguments for each row.
        var width: Int { hasKeys || self == .text ? 2 : 1 }
    }

    struct Key: Equatable {
        var isDescending: Bool
        var nullsFirst: Bool
    }

    /// PostgreSQL's functions that gather.
    static let functions: [String: Kind] = [
        "array_agg": .array, "string_agg": .text, "json_agg": .json, "jsonb_agg": .jsonb, "json_object_agg": .object,
        "jsonb_object_agg": .jsonbObject,
    ]

    var kind: Kind
    var isDistinct = false
    var keys: [Key] = []

    init(_ kind: Kind, isDistinct: Bool = false, keys: [Key] = []) {
        (self.kind, self.isDistinct, self.keys) = (kind, isDistinct, keys)
    }

    init?(text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, bytes.count % 2 == 0, let kind = Kind(rawValue: String(text.prefix(1))) else {
            return nil
        }
        self.kind = kind
        isDistinct = bytes[1] == UInt8(ascii: "d")
        keys = stride(from: 2, to: bytes.count, by: 2).map {
            Key(isDescending: bytes[$0] == UInt8(ascii: "d"), nullsFirst: bytes[$0 + 1] == UInt8(ascii: "f"))
        }
    }

    var text: String {
        kind.rawValue + (isDistinct ? "d" : "-")
            + keys.map { ($0.isDescending ? "d" : "a") + ($0.nullsFirst ? "f" : "l") }.joined()
    }

    /// A text has no place for what is NULL.
    func leavesOut(_ value: SQLValue) -> Bool { kind == .text && value == .null }

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
    static func isLess(_ left: SQLValue, _ right: SQLValue) -> Bool? {
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
