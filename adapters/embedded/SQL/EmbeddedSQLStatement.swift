// A prepared statement: translated, compiled, and described as far as it can be without running it.

import CSQLite
import Capabilities

/// A statement of one session.
final class EmbeddedSQLStatement: SQLStatement, @unchecked Sendable {
    private(set) var translation: SQLTranslation
    let text: [UInt8]
    /// The same with the schemas of its names, and what that was found with.
    private var qualified: SQLQualifiedText
    private var resolution: SQLResolution
    var qualifiedText: [UInt8] { qualified.text }
    let givenTypes: [SQLType]
    /// What its WITH changes before it runs.
    private(set) var changes: SQLWithChanges?
    private(set) var parameterTypes: [SQLType]
    private(set) var columns: [SQLColumn]?
    var command: SQLCommand { translation.command }
    /// SQLite's compiled form; another run at the same time compiles one of its own.
    private var compiled: OpaquePointer?
    private unowned(unsafe) let connection: SQLiteConnection
    private let keeper: SQLiteConnection

    init(_ text: [UInt8], _ types: [SQLType], on connection: SQLiteConnection) throws(SQLFailure) {
        let text = try SQLOnlyWords.blanked(text)
        self.text = text
        givenTypes = types
        self.connection = connection
        keeper = connection
        resolution = connection.resolution
        parameterTypes = []
        let changes = try SQLWithChanges(text, types, on: connection)
        self.changes = changes
        let types = changes?.types ?? types
        qualified = try SQLQualifiedText(changes?.main.text ?? text, on: connection)
        let source = qualified.text
        let tokens = try SQLLexer.tokens(source)
        let tables = SQLColumnTypes(
            { () throws(SQLFailure) in try SQLParameterTypes.columns(tokens, connection) },
            keys: { table throws(SQLFailure) in try SQLParameterTypes.primaryKey(of: table, connection) },
            schemas: SQLSchemaLookup(connection), relations: try connection.relationLookup())
        do throws(SQLFailure) {
            translation = try SQLTranslator.translate(source, tokens, types: types, columns: tables)
        } catch {
            let failure = qualified.original(SQLMissingGrammar.named(error, in: source))
            throw changes?.main.original(failure) ?? failure
        }
        // What its WITH has changed is only there for certain when it has come to its end.
        if changes != nil { translation.command.writes = true }
        try connection.refreshCatalog(translation.catalogNames)
        let isDeferred = !translation.first.isEmpty
        // What refers to something that a statement before it makes can only be compiled when it runs.
        let statement = isDeferred ? nil : try compileOrSkip()
        compiled = statement
        if let doubt = translation.doubt {
            if let statement { connection.retire(statement) }
            compiled = nil
            throw original(doubt)
        }
        let count = statement.map { Int(sqlite3_bind_parameter_count($0)) } ?? 0
        parameterTypes = try SQLParameterTypes.find(
            tokens, count: max(count, types.count), given: types, known: translation.parameterTypes,
            isTyped: translation.isTyped, connection)
        if let statement {
            let needsColumns = translation.items.contains { $0.column != nil || !$0.operands.isEmpty }
            let known = needsColumns ? try tables.all() : [:]
            columns = Self.describe(statement, translation, parameterTypes, known, connection)
            let names = Set(tokens.filter(\.isName).map(\.text))
            for index in columns?.indices ?? 0..<0 {
                guard let place = try connection.place(statement, Int32(index), named: names) else { continue }
                columns?[index].table = place.0
                columns?[index].place = place.1
            }
            if translation.command.tag == "EXPLAIN" { columns = [SQLColumn("QUERY PLAN", .text)] }
        }
        if !translation.then.isEmpty, translation.command.tag != "SELECT" { columns = nil }
        if translation.command.tag.hasPrefix("CREATE") || translation.command.tag == "ALTER TABLE" { columns = nil }
        if translation.tableLock != nil || translation.command.tag.hasSuffix("SEQUENCE") { columns = nil }
    }

    /// Whether neither the search path nor a table has changed since it was translated.
    var isCurrent: Bool { resolution == connection.resolution }

    /// Looks its names and their types up again where the search path, or what there is in it, has changed since the last run.
    func refresh() throws(SQLFailure) {
        guard !isCurrent else { return }
        resolution = connection.resolution
        let other = try EmbeddedSQLStatement(text, parameterTypes, on: connection)
        guard columns?.map(\.type) == other.columns?.map(\.type), columns?.map(\.name) == other.columns?.map(\.name)
        else { throw SQLFailure("0A000", "cached plan must not change result type") }
        if let compiled { connection.retire(compiled) }
        (qualified, translation, compiled) = (other.qualified, other.translation, other.compiled)
        changes = other.changes
        other.compiled = nil
    }

    deinit { if let compiled { connection.retire(compiled) } }

    /// A compiled form for one run.
    func take() throws(SQLFailure) -> OpaquePointer {
        if let statement = compiled {
            compiled = nil
            return statement
        }
        return try compile()
    }

    func giveBack(_ statement: OpaquePointer) {
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
        if compiled == nil { compiled = statement } else { sqlite3_finalize(statement) }
    }

    /// The same, or a statement that does nothing where the client says that there may be nothing to do.
    private func compileOrSkip() throws(SQLFailure) -> OpaquePointer {
        do throws(SQLFailure) {
            return try compile()
        } catch {
            guard translation.tolerated.contains(error.state) else { throw error }
            translation.doNothing()
            return try compile()
        }
    }

    private func compile() throws(SQLFailure) -> OpaquePointer {
        do throws(SQLFailure) {
            return try connection.compileWithSeries(translation.sql)
        } catch {
            var failure = error
            if translation.command.tag == "ALTER TABLE", failure.state == "42701",
                let name = failure.message.split(separator: "\"").dropFirst().first
            {
                failure.message =
                    "column \"\(name)\" of relation \"\(SQLSchemaName.bare(translation.table))\" already exists"
            }
            failure = missingTable(failure)
            failure.offset = error.offset.flatMap { translation.original($0) } ?? placeOfRelation(failure)
            throw original(SQLMissingGrammar.named(inClientsWords(failure), in: qualified.text))
        }
    }

    /// The same failure with its place in the text that the client has sent.
    private func original(_ failure: SQLFailure) -> SQLFailure {
        let failure = qualified.original(failure)
        return changes?.main.original(failure) ?? failure
    }

    /// A syntax error names a word of the client's own, and not one that the translation has put there.
    private func inClientsWords(_ failure: SQLFailure) -> SQLFailure {
        guard failure.state == "42601", failure.message.hasPrefix("syntax error"), let place = failure.offset,
            let tokens = try? SQLLexer.tokens(qualified.text),
            let index = tokens.firstIndex(where: { $0.start >= place })
        else { return failure }
        let text = qualified.text
        func near(_ token: SQLToken) -> SQLFailure {
            let word = String(decoding: text[token.start..<token.end], as: UTF8.self)
            return SQLFailure("42601", "syntax error at or near \"\(word)\"", offset: token.start)
        }
        let own = near(tokens[index])
        if own.message.lowercased() == failure.message.lowercased() { return own }
        guard index + 1 < tokens.count else {
            return SQLFailure("42601", "syntax error at end of input", offset: text.count)
        }
        return near(tokens[index + 1])
    }

    /// A column of a table that the statement does not name.
    private func missingTable(_ failure: SQLFailure) -> SQLFailure {
        guard failure.state == "42703", let tokens = try? SQLLexer.tokens(qualified.text),
            let name = failure.message.components(after: "column ")?.components(before: " does not exist"),
            let table = name.components(before: ".")
        else { return failure }
        let isNamed = tokens.indices.contains { index in
            tokens[index].isName && tokens[index].text == table
                && !(index + 1 < tokens.count && tokens[index + 1].isMark("."))
        }
        return isNamed ? failure : SQLFailure("42P01", "missing FROM-clause entry for table \"\(table)\"")
    }

    /// Where a relation that does not exist is named, which SQLite does not tell.
    private func placeOfRelation(_ failure: SQLFailure) -> Int? {
        guard failure.state == "42P01", let tokens = try? SQLLexer.tokens(qualified.text) else { return nil }
        let name = failure.message.split(separator: "\"").dropFirst().first?.split(separator: ".").last.map(String.init)
        guard let place = tokens.firstIndex(where: { $0.isName && $0.text == name }) else { return nil }
        // A qualified name begins with its schema.
        return place >= 2 && tokens[place - 1].isMark(".") ? tokens[place - 2].start : tokens[place].start
    }

    func close() { connection.cache.keep(self) }

    /// Numbers as SQLite computes with them, but for those whose digits are kept: texts.
    ///
    /// `values` may be those of several rows.
    func bound(_ values: [SQLValue]) throws(SQLFailure) -> [SQLValue] {
        guard parameterTypes.contains(.numeric) else { return values }
        var bound = values
        for index in bound.indices {
            let number = index % parameterTypes.count
            guard parameterTypes[number] == .numeric else { continue }
            let isExact = translation.exactParameters.contains(number + 1)
            switch bound[index] {
            case .text(let text):
                bound[index] = isExact ? .text(try SQLDecimal.digits(text)) : try SQLType.numeric.value(text)
            case .double(let value) where isExact: bound[index] = .text(SQLNumberText.decimal(value, scale: nil))
            default: break
            }
        }
        return bound
    }

    // MARK: Columns

    /// The columns; types that neither a declaration nor the words tell stay unknown.
    private static func describe(
        _ statement: OpaquePointer, _ translation: SQLTranslation, _ parameters: [SQLType], _ known: [String: SQLType],
        _ connection: SQLiteConnection
    ) -> [SQLColumn]? {
        let count = Int(sqlite3_column_count(statement))
        guard count > 0 else { return nil }
        let items = translation.items
        let star = items.firstIndex(where: \.isStar)
        return (0..<count).map { index in
            let place = Int32(index)
            var item: SQLResultItem?
            if let star {
                // Before the star items and columns run in step from the front, behind the last star from the back.
                let lastStar = items.lastIndex(where: \.isStar) ?? star
                if index < star { item = items[index] }
                let fromEnd = count - index
                if fromEnd < items.count - lastStar { item = items[items.count - fromEnd] }
            } else if index < items.count {
                item = items[index]
            }
            let own = sqlite3_column_name(statement, place).map { String(cString: $0) } ?? ""
            var column = SQLColumn(item?.name ?? own, item?.type ?? .unknown, modifier: item?.modifier ?? -1)
            if let results = translation.results, results.count == count {
                column.name = results[index].name
                if results[index].type != .unknown {
                    (column.type, column.modifier) = (results[index].type, results[index].modifier)
                    column.scale = results[index].number.scale.map { Int16(clamping: $0) } ?? -1
                    return column
                }
            }
            if column.type == .unknown, let declared = sqlite3_column_decltype(statement, place) {
                let type = SQLDeclaredType.declared(String(cString: declared))
                column.type = type.type
                column.modifier = type.modifier
                if type.isSerial { column.type = connection.rowNumberType(statement, place) }
            }
            if column.type == .unknown, let function = item?.function, let name = item?.column, let type = known[name] {
                column.type = SQLFunctionNames.result(function, of: type)
            }
            if column.type == .unknown, let operands = item?.operands, !operands.isEmpty {
                column.type = SQLFunctionNames.result(ofArithmetic: operands.map { known[$0] ?? .unknown })
            }
            if let number = item?.parameter, number > 0, number <= parameters.count {
                column.type = parameters[number - 1]
            }
            return column
        }
    }
}

/// Statements that were closed and may be wanted again; finding one saves a parse and a trip to a thread.
struct SQLStatementCache {
    private static let size = 64
    private var statements: [EmbeddedSQLStatement] = []

    mutating func keep(_ statement: EmbeddedSQLStatement) {
        guard statement.command.countsRows, !statement.translation.readsCatalog,
            // Another session may change how many columns a star stands for.
            !statement.translation.items.contains(where: \.isStar),
            !statements.contains(where: { $0 === statement })
        else { return }
        statements.append(statement)
        if statements.count > Self.size { statements.removeFirst() }
    }

    /// A statement of this very text, in the last closed first.
    mutating func take(_ text: [UInt8], _ types: [SQLType]) -> EmbeddedSQLStatement? {
        // What another session has changed since may have other types.
        if let last = statements.last, !last.isCurrent { statements.removeAll { !$0.isCurrent } }
        guard let place = statements.lastIndex(where: { $0.text == text && $0.givenTypes == types }) else { return nil }
        return statements.remove(at: place)
    }

    /// Forgets what was described before the tables changed.
    mutating func clear() { statements = [] }
}
