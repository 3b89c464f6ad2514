// A sequence: its definition, and the view of SQLite's that stands for it.

import Capabilities

/// What CREATE SEQUENCE says of a sequence.
///
/// It is a view of its own name, so that it is made, dropped and rolled back as every relation is. Its numbers are kept
/// elsewhere, because no rollback takes them back: ``SQLSequenceStore``.
struct SQLSequence: Equatable, Sendable {
    /// What columns' defaults call it by, whatever its name is.
    let id: String
    /// Another one with each RESTART: its numbers begin anew.
    var generation = 0
    var type = SQLType.int64
    var start: Int64 = 1
    /// What its numbers began with, at its making or at the last RESTART.
    var first: Int64 = 1
    var increment: Int64 = 1
    var least: Int64 = 1
    var greatest = Int64.max
    var cycles = false
    /// Whether it goes with the table whose column counts by it.
    var isOwned = false

    /// One of a type, with the bounds that it has unless something else is said.
    init(id: String, type: SQLType = .int64) {
        self.id = id
        self.type = type
        greatest = type.wholeBounds?.upperBound ?? .max
    }

    static func newID() -> String {
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The same with numbers of its own; what was counted in a block that is rolled back is not met again.
    var renewed: SQLSequence {
        var new = self
        new.generation = Int(UInt32.random(in: 1 ... .max))
        return new
    }

    /// What its numbers are kept by.
    var key: String { "\(id):\(generation)" }

    // MARK: The view

    private static let mark = "/*sequence "

    /// How a view of a sequence's is found by its id.
    static func pattern(_ id: String) -> String { "%\(mark)\(id):%" }

    /// The statement that makes its view; `name` is SQLite's.
    func definition(_ name: String, ifNotExists: Bool = false) -> String {
        let numbers = [Int64(generation), Int64(type.rawValue), start, increment, least, greatest]
        let flags = [cycles, isOwned].map { $0 ? "1" : "0" }
        let words = ([id] + numbers.map(String.init) + flags + [String(first)]).joined(separator: ":")
        let columns = [SQLType.int64, .int64, .boolean].map { SQLTypedColumn(name: "", type: $0) }
        return """
            CREATE VIEW \(ifNotExists ? "IF NOT EXISTS " : "")main.\(SQLText.quoted(name)) AS \(SQLViewTypes.comment(columns)) \
            \(Self.mark)\(words)*/ SELECT fairlead_sequence('\(id)', 0) AS last_value, 0 AS log_cnt, \
            fairlead_sequence('\(id)', 1) AS is_called
            """
    }

    /// The sequence that a view's definition tells; nil for any other view.
    init?(definition: String) {
        guard let words = definition.components(after: Self.mark)?.components(before: "*/") else { return nil }
        let parts = words.split(separator: ":").map(String.init)
        let numbers = parts.dropFirst().compactMap { Int64($0) }
        // Those of earlier versions began with their START.
        guard parts.count == 9 || parts.count == 10, numbers.count == parts.count - 1,
            let type = SQLType(rawValue: UInt32(clamping: numbers[1]))
        else {
            return nil
        }
        id = parts[0]
        generation = Int(clamping: numbers[0])
        self.type = type
        (start, increment, least, greatest) = (numbers[2], numbers[3], numbers[4], numbers[5])
        (cycles, isOwned) = (numbers[6] == 1, numbers[7] == 1)
        first = numbers.count > 8 ? numbers[8] : start
    }

    // MARK: Defaults of columns

    /// What a column fills itself with; `identity` is `a` for ALWAYS, `d` for BY DEFAULT and nothing for any other column.
    func fallback(identity: String = "") -> String { "fairlead_nextval('\(id)', '\(identity)')" }

    /// The sequence that a column's default names, and what kind of identity it is.
    static func read(fallback: String) -> (id: String, identity: String)? {
        guard let rest = fallback.components(after: "fairlead_nextval('"), let id = rest.components(before: "'"),
            let identity = rest.components(after: "', '")?.components(before: "'")
        else { return nil }
        return (id, identity)
    }

    /// The ids of all sequences that a table's definition names.
    static func ids(in definition: String) -> [String] {
        var ids: [String] = []
        var rest = definition
        while let next = rest.components(after: "fairlead_nextval('"), let id = next.components(before: "'") {
            ids.append(id)
            rest = next
        }
        return ids
    }
}
