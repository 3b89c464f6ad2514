// Rows of an answer: cells of messages, or one text of JSON.

import Capabilities

/// Columns and rows, as wide as there are columns.
struct SQLRows {
    var columns: [SQLColumn] = []
    private(set) var cells: [[Value]] = []
    var count: Int { cells.count }

    init() {}

    init(_ outputs: Outputs, _ maximumCells: Int) throws(SQLFailure) {
        cells = outputs.more.rows
        var names: [[UInt8]] = []
        if case .bytes(let text)? = outputs.more.fields[.rows] {
            var reader = JSONRows(text, maximumCells)
            guard reader.read() else {
                throw SQLFailure(
                    "08P01", "the backend's rows are no list of lists or of objects, or more than the bound")
            }
            cells += reader.rows
            names = reader.names
        }
        columns = try Self.columns(outputs)
        if columns.isEmpty { columns = names.map { SQLColumn(String(decoding: $0, as: UTF8.self), .unknown) } }
        let widest = cells.map(\.count).max() ?? 0
        guard widest <= columns.count else {
            throw SQLFailure("08P01", "the backend gave a row of \(widest) values for \(columns.count) columns")
        }
        for index in cells.indices {
            // NULL at the end of a row has no item.
            cells[index] += Array(repeating: .absent, count: columns.count - cells[index].count)
        }
        for place in columns.indices where columns[place].type == .unknown { columns[place].type = type(of: place) }
    }

    /// The columns that an answer names, unknown where it tells no types.
    static func columns(_ outputs: Outputs) throws(SQLFailure) -> [SQLColumn] {
        let names = outputs.more.lists[.columns] ?? []
        let types = outputs.more.lists[.types] ?? []
        guard names.count <= 1664 else { throw SQLFailure("54011", "a row has at most 1664 columns") }
        return names.enumerated().map { place, name in
            let type = place < types.count ? Self.type(named: types[place].asBytes) : .unknown
            return SQLColumn(String(decoding: name.asBytes, as: UTF8.self), type)
        }
    }

    private static let types = Dictionary(
        SQLType.allCases.flatMap { [($0.catalogName, $0), ($0.displayName, $0)] }
            + [
                ("int", .int32), ("varchar", .boundedText), ("string", .text), ("double", .float64),
                ("decimal", .numeric),
            ]
    ) { first, _ in first }

    private static func type(named name: [UInt8]) -> SQLType {
        types[String(decoding: name, as: UTF8.self).lowercased()] ?? .text
    }

    /// The type that holds all values of a column.
    private func type(of place: Int) -> SQLType {
        var found = SQLType.unknown
        for row in cells {
            let type: SQLType
            switch row[place] {
            case .absent: continue
            case .flag: type = .boolean
            case .number: type = .int64
            case .decimal(let text): type = text.contains { $0 | 0x20 == 0x65 } ? .float64 : .numeric
            case .bytes: type = .text
            }
            if found == .unknown || found == type {
                found = type
            } else if found.isNumber, type.isNumber {
                found = found == .float64 || type == .float64 ? .float64 : .numeric
            } else {
                return .text
            }
        }
        return found == .unknown ? .text : found
    }

    /// A cell as a value of its column.
    static func value(_ cell: Value, _ type: SQLType) throws(SQLFailure) -> SQLValue {
        guard cell != .absent else { return .null }
        let text = cell.asBytes
        guard String(validating: text, as: UTF8.self) != nil else {
            throw SQLFailure("22021", "the backend gave text that is not UTF-8")
        }
        return try type.value(text)
    }
}

extension SQLType {
    fileprivate var isNumber: Bool { [.int64, .numeric, .float64].contains(self) }
}
