// Extended queries: Parse, Bind, Describe, Execute and Close.

import Capabilities
import PostgresWire

extension PostgresTranslatedSession {
    func extended(_ request: PostgresClientMessage) async throws(SQLFailure) {
        switch request {
        case .parse(let name, let text, let types):
            try await parse(connection.array(name), connection.array(text), types)
        case .bind(let bind): try await self.bind(bind)
        case .describeStatement(let name): try await describeStatement(connection.array(name))
        case .describePortal(let name):
            let name = connection.array(name)
            guard let portal = portals[name] else { throw Self.noPortal(name) }
            try guardBlock(portal.prepared)
            try await describe(portal, tellsNoData: true)
        case .execute(let name, let rows): try await execute(connection.array(name), rows)
        case .closeStatement(let name):
            statements.removeValue(forKey: connection.array(name))?.statement?.close()
            out.closeComplete()
        case .closePortal(let name):
            await closePortal(connection.array(name))
            out.closeComplete()
        default: throw SQLFailure("08P01", "unexpected message")
        }
    }

    private func guardBlock(_ prepared: PostgresPrepared) throws(SQLFailure) {
        guard block != .failed || prepared.kind.endsBlock || prepared.isEmpty else { throw Self.aborted }
    }

    static func noPortal(_ name: [UInt8]) -> SQLFailure {
        SQLFailure("34000", "portal \"\(String(decoding: name, as: UTF8.self))\" does not exist")
    }

    private static func noStatement(_ name: [UInt8]) -> SQLFailure {
        name.isEmpty
            ? SQLFailure("26000", "unnamed prepared statement does not exist")
            : SQLFailure("26000", "prepared statement \"\(String(decoding: name, as: UTF8.self))\" does not exist")
    }

    // MARK: Parse and Bind

    private func parse(_ name: [UInt8], _ text: [UInt8], _ types: [UInt32]) async throws(SQLFailure) {
        try PostgresValueReader.validate(text)
        if !name.isEmpty { try checkFree(name) }
        // A new unnamed statement takes the place of the old one, even when it fails.
        if name.isEmpty { statements.removeValue(forKey: [])?.statement?.close() }
        let parts = try located(text) { () throws(SQLFailure) in try SQLLexer.statements(text) }
        guard parts.count <= 1 else {
            throw SQLFailure("42601", "cannot insert multiple commands into a prepared statement")
        }
        var known: [SQLType] = []
        var arrays: [Int: SQLType] = [:]
        for number in types {
            if let item = SQLType(rawValue: number)?.item {
                // The backend gets an array as its text.
                arrays[known.count] = item
                known.append(.text)
                continue
            }
            // 0 and `unknown` leave it open.
            guard let type = number == 0 ? .unknown : SQLType(rawValue: number) else {
                throw .refused(.sqlParameters, "the type with the number \(number) is not known here")
            }
            known.append(type)
        }
        running.tell(query: text)
        let start = session.worker.now
        do throws(SQLFailure) {
            let range = parts.first.flatMap { tokens in
                tokens.first.flatMap { first in tokens.last.map { first.start..<$0.end } }
            }
            let body = range.map { Array(text[$0]) } ?? []
            let prepared: PostgresPrepared
            do throws(SQLFailure) {
                prepared = try await prepare(body, types: known, mayBeCached: !name.isEmpty)
            } catch {
                throw error.moved(by: range?.lowerBound ?? 0)
            }
            prepared.arrays = arrays
            statements[name] = prepared
            out.parseComplete()
            note(.parse, since: start, failure: nil)
        } catch {
            note(.parse, since: start, failure: error)
            failedText = text
            throw error
        }
    }

    private func located<T>(_ text: [UInt8], _ work: () throws(SQLFailure) -> T) throws(SQLFailure) -> T {
        do throws(SQLFailure) {
            return try work()
        } catch {
            failedText = text
            throw error
        }
    }

    func checkFree(_ name: [UInt8]) throws(SQLFailure) {
        guard statements[name] == nil else {
            throw SQLFailure("42P05", "prepared statement \"\(String(decoding: name, as: UTF8.self))\" already exists")
        }
        guard PostgresLimits.namedObjects.allows(statements.count + 1) else {
            throw SQLFailure(
                "53400", "this session has \(PostgresLimits.namedObjects.maximum) prepared statements already")
        }
    }

    private func bind(_ bind: PostgresBind) async throws(SQLFailure) {
        let name = connection.array(bind.statement)
        guard let prepared = statements[name] else { throw Self.noStatement(name) }
        try guardBlock(prepared)
        let count = prepared.parameterTypes.count
        let formats = bind.parameterFormats
        guard formats.count <= 1 || formats.count == bind.values.count else {
            throw SQLFailure(
                "08P01", "bind message has \(formats.count) parameter formats but \(bind.values.count) parameters")
        }
        guard bind.values.count == count else {
            throw SQLFailure(
                "08P01",
                "bind message supplies \(bind.values.count) parameters, but prepared statement \"\(String(decoding: name, as: UTF8.self))\" requires \(count)"
            )
        }
        if let code = (formats + bind.resultFormats).first(where: { $0 > 1 }) {
            throw SQLFailure("22023", "unsupported format code: \(code)")
        }
        var values: [SQLValue] = []
        values.reserveCapacity(count)
        for (index, range) in bind.values.enumerated() {
            guard let range else {
                values.append(.null)
                continue
            }
            let isBinary = formats.count == 1 ? formats[0] == 1 : index < formats.count && formats[index] == 1
            if isBinary, let item = prepared.arrays[index] ?? prepared.parameterTypes[index].item {
                values.append(try PostgresArrayReader.text(connection.array(range), item, number: index + 1))
                continue
            }
            values.append(
                try PostgresValueReader.value(
                    connection.array(range), prepared.parameterTypes[index], binary: isBinary, number: index + 1))
        }
        if let columns = prepared.statement?.columns, bind.resultFormats.count > 1,
            bind.resultFormats.count != columns.count
        {
            throw SQLFailure(
                "08P01",
                "bind message has \(bind.resultFormats.count) result formats but query has \(columns.count) columns")
        }
        let portal = connection.array(bind.portal)
        if portal.isEmpty { await closePortal([]) }
        guard portals[portal] == nil else {
            throw SQLFailure("42P03", "cursor \"\(String(decoding: portal, as: UTF8.self))\" already exists")
        }
        guard PostgresLimits.namedObjects.allows(portals.count + 1) else {
            throw SQLFailure("53400", "this session has \(PostgresLimits.namedObjects.maximum) portals already")
        }
        add(PostgresPortal(prepared, values, bind.resultFormats), portal)
        out.bindComplete()
    }

    // MARK: Describe

    private func describeStatement(_ name: [UInt8]) async throws(SQLFailure) {
        guard let prepared = statements[name] else { throw Self.noStatement(name) }
        // In a failed block only what gives no rows may be described.
        if block == .failed, prepared.statement?.columns != nil { throw Self.aborted }
        out.parameterDescription(prepared.parameterTypes.map { ($0 == .unknown ? SQLType.text : $0).rawValue })
        if case .query = prepared.kind, let statement = prepared.statement, let columns = statement.columns,
            columns.contains(where: { $0.type == .unknown }), prepared.parameterTypes.isEmpty
        {
            // Only a row tells the type of some columns; without parameters it can be looked at.
            let cursor = try sql.open(statement, [])
            do throws(SQLFailure) {
                try await cursor.describe()
            } catch {
                await cursor.close()
                throw error
            }
            await cursor.close()
            prepared.described = Self.settled(cursor.columns)
            return tell(prepared.described, formats: [])
        }
        let columns = Self.settled(try columns(of: prepared))
        if case .query = prepared.kind { prepared.described = columns }
        tell(columns, formats: [])
    }

    /// What nothing has told the type of is text.
    static func settled(_ columns: [SQLColumn]?) -> [SQLColumn]? {
        columns?.map { column in
            var column = column
            if column.type == .unknown || column.type == .regclass { column.type = .text }
            return column
        }
    }

    /// The columns that a statement gives; nil for none.
    private func columns(of prepared: PostgresPrepared) throws(SQLFailure) -> [SQLColumn]? {
        switch prepared.kind {
        case .query: return prepared.statement?.columns
        case .show(let name):
            if name == "all" { return ["name", "setting", "description"].map { SQLColumn($0, .text) } }
            do throws(PostgresReport) {
                return [SQLColumn(try settings.show(name).name, .text)]
            } catch {
                throw SQLFailure(error.state, error.message)
            }
        case .fetch(let name, _, let moves):
            guard !moves else { return nil }
            guard let portal = portals[Array(name.utf8)] else { throw Self.noCursor(name) }
            return portal.described ?? Self.settled(portal.cursor?.columns ?? portal.prepared.statement?.columns)
        case .execute(let name, _):
            guard let inner = statements[Array(name.utf8)] else { throw Self.noStatement(Array(name.utf8)) }
            return Self.settled(try columns(of: inner))
        default: return nil
        }
    }

    static func noCursor(_ name: String) -> SQLFailure { SQLFailure("34000", "cursor \"\(name)\" does not exist") }

    /// Tells the columns of a portal; without rows NoData, or nothing.
    func describe(_ portal: PostgresPortal, tellsNoData: Bool) async throws(SQLFailure) {
        if case .query = portal.prepared.kind, let statement = portal.prepared.statement {
            guard statement.columns != nil else {
                if tellsNoData { out.noData() }
                return
            }
            let cursor = try open(portal, statement)
            if let described = portal.prepared.described {
                portal.described = described
                return tell(described, formats: portal.formats)
            }
            if cursor.columns?.contains(where: { $0.type == .unknown }) == true {
                // A row may have to be looked at, which is a part of the run.
                try await enterSegment(portal.prepared, isAlone: true)
                try await cursor.describe()
            }
            portal.described = Self.settled(cursor.columns)
            return tell(portal.described, formats: portal.formats)
        }
        let columns = try columns(of: portal.prepared)
        if columns == nil, !tellsNoData { return }
        var formats = portal.formats
        // A Query asks for no format; a cursor with BINARY has one of its own.
        if case .fetch(let name, _, _) = portal.prepared.kind, portals[Array(name.utf8)]?.options.isBinary == true {
            formats = [1]
        }
        tell(columns, formats: formats)
    }

    func open(_ portal: PostgresPortal, _ statement: any SQLStatement) throws(SQLFailure) -> any SQLCursor {
        if let cursor = portal.cursor { return cursor }
        let cursor = try sql.open(statement, portal.values)
        portal.cursor = cursor
        return cursor
    }

    private func tell(_ columns: [SQLColumn]?, formats: [UInt16]) {
        guard let columns else { return out.noData() }
        out.rowDescription(
            columns.enumerated().map { index, column in
                PostgresFieldDescription(
                    name: Array(column.name.utf8), table: column.table, place: column.place, type: column.type.rawValue,
                    length: column.type.wireLength, modifier: column.modifier,
                    format: formats.count == 1 ? formats[0] : index < formats.count ? formats[index] : 0)
            })
    }

    // MARK: Execute

    private func execute(_ name: [UInt8], _ limit: Int) async throws(SQLFailure) {
        guard let portal = portals[name] else { throw Self.noPortal(name) }
        try guardBlock(portal.prepared)
        running.tell(query: portal.prepared.source)
        if limit > 0 { try check(CapabilitySet(.sqlCursor)) }
        let start = session.worker.now
        do throws(SQLFailure) {
            try await enterSegment(portal.prepared, isAlone: connection.isSyncNext)
            try await execute(portal, limit: limit)
            note(portal.prepared.command, since: start, failure: nil)
        } catch {
            note(portal.prepared.command, since: start, failure: error)
            failedText = portal.prepared.text
            throw error
        }
    }
}
