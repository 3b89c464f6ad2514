// generate_series as tables inside SQLite: a module for each name that a statement gives its column.

import CSQLite
import Capabilities

/// What stands in SQLite for a call of `generate_series`: its name tells the type and the name of its one column.
///
/// SQLite's table-valued functions have columns of fixed names, and the same names for all their uses; PostgreSQL calls the
/// column after the alias. So each pair of a type and a name is a module of its own, which is made when a statement that
/// names it is compiled; statements in views find theirs in the same way.
struct SQLSeriesName: Hashable {
    private static let prefix = "generate_series\(SQLSchemaName.separator)"
    let type: SQLType
    let column: String

    init(_ type: SQLType, column: String) {
        self.type = type
        self.column = column
    }

    /// Reads the name of a module; nil for any other name.
    init?(module name: String) {
        guard name.hasPrefix(Self.prefix) else { return nil }
        let parts = name.dropFirst(Self.prefix.count).split(
            separator: SQLSchemaName.separator, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "int" || parts[0] == "bigint" else { return nil }
        self.init(parts[0] == "int" ? .int32 : .int64, column: String(parts[1]))
    }

    private var typeName: String { type == .int32 ? "int" : "bigint" }
    var module: String { "\(Self.prefix)\(typeName)\(SQLSchemaName.separator)\(column)" }

    /// What SQLite is told of the columns: the hidden ones are the function's arguments.
    fileprivate var declaration: String {
        "CREATE TABLE series(\(SQLText.quoted(column)) \(typeName), fairlead_start HIDDEN, fairlead_stop HIDDEN, fairlead_step HIDDEN)"
    }
}

/// The module: rows from a first number to a last one (sqlite.org/vtab.html).
enum SQLSeriesTable {
    private enum Column: Int32 {
        case value, start, stop, step
    }

    private final class Declaration {
        let text: String
        init(_ text: String) { self.text = text }
    }

    /// A cursor begins with what SQLite keeps in it.
    private struct Cursor {
        var base = sqlite3_vtab_cursor()
        var start: Int64 = 0
        var stop: Int64 = 0
        var step: Int64 = 1
        var value: Int64 = 0
        var row: Int64 = 0
        var isDone = true
    }

    /// SQLite keeps the address of a module as long as a connection is open.
    private struct Module: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<sqlite3_module>

        init() {
            var module = sqlite3_module()
            module.xConnect = { database, data, _, _, result, _ in SQLSeriesTable.connect(database, data, result) }
            module.xDisconnect = { table in
                table?.deallocate()
                return SQLITE_OK
            }
            module.xBestIndex = { SQLSeriesTable.plan($1) }
            module.xOpen = { SQLSeriesTable.open($1) }
            module.xClose = { cursor in
                cursor?.deallocate()
                return SQLITE_OK
            }
            module.xFilter = { SQLSeriesTable.begin($0, $1, $3, $4) }
            module.xNext = { SQLSeriesTable.next($0) }
            module.xEof = { SQLSeriesTable.cursor($0).pointee.isDone ? 1 : 0 }
            module.xColumn = { SQLSeriesTable.give($0, $1, $2) }
            module.xRowid = { cursor, row in
                row?.pointee = SQLSeriesTable.cursor(cursor).pointee.row
                return SQLITE_OK
            }
            pointer = .allocate(capacity: 1)
            pointer.initialize(to: module)
        }
    }

    private static let module = Module()

    /// Makes the tables of a name known on a connection.
    static func register(_ name: SQLSeriesName, on connection: SQLiteConnection) throws(SQLFailure) {
        let declaration = Unmanaged.passRetained(Declaration(name.declaration))
        let code = sqlite3_create_module_v2(
            connection.handle, name.module, module.pointer, declaration.toOpaque(),
            { if let declaration = $0 { Unmanaged<Declaration>.fromOpaque(declaration).release() } })
        guard code == SQLITE_OK else { throw connection.failure() }
    }

    private static func connect(
        _ database: OpaquePointer?, _ data: UnsafeMutableRawPointer?,
        _ result: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?
    ) -> Int32 {
        guard let data, let result else { return SQLITE_ERROR }
        let code = sqlite3_declare_vtab(
            database, Unmanaged<Declaration>.fromOpaque(data).takeUnretainedValue().text)
        guard code == SQLITE_OK else { return code }
        let table = UnsafeMutablePointer<sqlite3_vtab>.allocate(capacity: 1)
        table.initialize(to: sqlite3_vtab())
        result.pointee = table
        return SQLITE_OK
    }

    /// Asks for all arguments that are given; a series without a begin or an end is none.
    private static func plan(_ info: UnsafeMutablePointer<sqlite3_index_info>?) -> Int32 {
        guard let info, let constraints = info.pointee.aConstraint, let usage = info.pointee.aConstraintUsage else {
            return SQLITE_CONSTRAINT
        }
        var places: [Column: Int] = [:]
        for place in 0..<Int(info.pointee.nConstraint) {
            guard let column = Column(rawValue: constraints[place].iColumn), column != .value,
                Int32(constraints[place].op) == SQLITE_INDEX_CONSTRAINT_EQ
            else { continue }
            // It comes from a table that this order of tables would read later.
            guard constraints[place].usable != 0 else { return SQLITE_CONSTRAINT }
            places[column] = place
        }
        guard let start = places[.start], let stop = places[.stop] else { return SQLITE_CONSTRAINT }
        for (number, place) in [start, stop, places[.step]].compactMap({ $0 }).enumerated() {
            usage[place].argvIndex = Int32(number + 1)
            usage[place].omit = 1
        }
        info.pointee.estimatedCost = 1_000
        info.pointee.estimatedRows = 1_000
        return SQLITE_OK
    }

    private static func open(_ result: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab_cursor>?>?) -> Int32 {
        let cursor = UnsafeMutablePointer<Cursor>.allocate(capacity: 1)
        cursor.initialize(to: Cursor())
        result?.pointee = UnsafeMutableRawPointer(cursor).assumingMemoryBound(to: sqlite3_vtab_cursor.self)
        return SQLITE_OK
    }

    private static func cursor(_ pointer: UnsafeMutablePointer<sqlite3_vtab_cursor>?) -> UnsafeMutablePointer<Cursor> {
        guard let pointer else { preconditionFailure("SQLite gives back the cursor that it was given") }
        return UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Cursor.self)
    }

    private static func begin(
        _ pointer: UnsafeMutablePointer<sqlite3_vtab_cursor>?, _ plan: Int32, _ count: Int32,
        _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32 {
        let cursor = cursor(pointer)
        let base = cursor.pointee.base
        cursor.pointee = Cursor(base: base)
        var numbers: [Int64] = []
        for place in 0..<Int(count) {
            switch sqlite3_value_type(arguments?[place]) {
            case SQLITE_INTEGER: numbers.append(sqlite3_value_int64(arguments?[place]))
            // Nothing is between NULL and anything.
            case SQLITE_NULL: return SQLITE_OK
            default: return fail(pointer, "0A000", "generate_series takes whole numbers only here")
            }
        }
        guard numbers.count >= 2 else { return SQLITE_OK }
        let step = numbers.count > 2 ? numbers[2] : 1
        guard step != 0 else { return fail(pointer, "22023", "step size cannot equal zero") }
        cursor.pointee.start = numbers[0]
        cursor.pointee.stop = numbers[1]
        cursor.pointee.step = step
        cursor.pointee.value = numbers[0]
        cursor.pointee.isDone = step > 0 ? numbers[0] > numbers[1] : numbers[0] < numbers[1]
        return SQLITE_OK
    }

    private static func fail(
        _ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?, _ state: String, _ message: String
    ) -> Int32 {
        let text = Array("\(SQLiteFailure.mark)\(state)\(message)".utf8) + [0]
        if let table = cursor?.pointee.pVtab, let memory = sqlite3_malloc64(UInt64(text.count)) {
            sqlite3_free(table.pointee.zErrMsg)
            memory.copyMemory(from: text, byteCount: text.count)
            table.pointee.zErrMsg = memory.assumingMemoryBound(to: CChar.self)
        }
        return SQLITE_ERROR
    }

    private static func next(_ pointer: UnsafeMutablePointer<sqlite3_vtab_cursor>?) -> Int32 {
        let cursor = cursor(pointer)
        let step = cursor.pointee.step
        let (value, overflow) = cursor.pointee.value.addingReportingOverflow(step)
        cursor.pointee.value = value
        cursor.pointee.row += 1
        // PostgreSQL ends a series where its type does, too.
        cursor.pointee.isDone = overflow || (step > 0 ? value > cursor.pointee.stop : value < cursor.pointee.stop)
        return SQLITE_OK
    }

    private static func give(
        _ pointer: UnsafeMutablePointer<sqlite3_vtab_cursor>?, _ context: OpaquePointer?, _ column: Int32
    ) -> Int32 {
        let cursor = cursor(pointer).pointee
        switch Column(rawValue: column) {
        case .start: sqlite3_result_int64(context, cursor.start)
        case .stop: sqlite3_result_int64(context, cursor.stop)
        case .step: sqlite3_result_int64(context, cursor.step)
        default: sqlite3_result_int64(context, cursor.value)
        }
        return SQLITE_OK
    }
}
