// What the execution of a portal does, for each kind of statement.

import Capabilities
import PostgresWire

extension PostgresTranslatedSession {
    /// Runs a portal up to `limit` rows, zero for all, and tells what became of it.
    func execute(_ portal: PostgresPortal, limit: Int) async throws(SQLFailure) {
        let prepared = portal.prepared
        if prepared.isEmpty { return out.emptyQueryResponse() }
        switch prepared.kind {
        case .query: try await runQuery(portal, limit: limit, tag: nil)
        case .begin(let isolation, let readOnly): try await begin(isolation, readOnly)
        case .commit(let chains): try await commit(chains: chains)
        case .rollback(let chains): try await rollback(chains: chains)
        case .savepoint(let name):
            try requireBlock("SAVEPOINT")
            try await sql.savepoint(name)
            savepoints.append(
                PostgresSavepoint(
                    name: name, settings: settings, lastPortal: lastPortal, notifications: outbox.count,
                    listenActions: listenActions.count))
            out.commandComplete("SAVEPOINT")
        case .release(let name):
            try requireBlock("RELEASE SAVEPOINT")
            try await sql.release(name)
            if let place = savepoints.lastIndex(where: { $0.name == name }) { savepoints.removeSubrange(place...) }
            out.commandComplete("RELEASE")
        case .rollBackTo(let name):
            try requireBlock("ROLLBACK TO SAVEPOINT")
            let place = savepoints.lastIndex { $0.name == name }
            await rollBackPortals(after: place.map { savepoints[$0].lastPortal } ?? .max)
            try await sql.rollBack(to: name)
            block = .open
            if let place {
                settings.restore(savepoints[place].settings)
                outbox.truncate(savepoints[place].notifications)
                listenActions.removeSubrange(min(listenActions.count, savepoints[place].listenActions)...)
                savepoints.removeSubrange((place + 1)...)
                publishSettings()
            }
            out.commandComplete("ROLLBACK")
        case .prepare(let name, let types, let range):
            try checkFree(Array(name.utf8))
            try check(CapabilitySet(.sqlPrepared))
            let inner = try await prepare(Array(prepared.text[range]), types: types, mayBeCached: true)
            (inner.source, inner.isFromSQL) = (prepared.source, true)
            statements[Array(name.utf8)] = inner
            out.commandComplete("PREPARE")
        case .execute(let name, let arguments): try await executeNamed(portal, name, arguments, limit: limit)
        case .deallocate(let name): try deallocate(name)
        case .declare(let name, let options, let range):
            try await declare(name, Array(prepared.text[range]), options, prepared.source)
        case .fetch(let name, let step, let moves): try await fetch(name, step, moves: moves, formats: portal.formats)
        case .close(let name):
            if let name {
                guard portals[Array(name.utf8)] != nil else { throw Self.noCursor(name) }
                await closePortal(Array(name.utf8))
            } else {
                await closeAllPortals()
            }
            out.commandComplete(name == nil ? "CLOSE CURSOR ALL" : "CLOSE CURSOR")
        case .copy(let command): try await copy(command, prepared.text)
        case .listen, .unlisten, .notify: try notify(prepared.kind)
        case .refused(let capability, let reason): throw .refused(capability, reason)
        case .nothing(let tag): out.commandComplete(tag)
        default: try await settingStatement(prepared.kind)
        }
    }

    // MARK: Queries

    /// Sends rows and, at the end, the tag; a suspended portal goes on with the next Execute.
    func runQuery(_ portal: PostgresPortal, limit: Int, tag: String?) async throws(SQLFailure) {
        guard let statement = portal.prepared.statement else { return out.emptyQueryResponse() }
        if portal.isDone {
            // What has come to its end once gives no more rows, and changes nothing again.
            guard statement.columns != nil else {
                throw SQLFailure("55000", "portal cannot be run anymore")
            }
            return out.commandComplete(Self.tag(statement.command, 0))
        }
        if block != .none { blockHasQueried = true }
        if statement.command.writes { try await keepSight(but: portal) }
        let cursor = try open(portal, statement)
        let before = portal.rows
        if portal.prepared.readsObjects, before == 0 { tellObjects() }
        let affected = try await rows(portal, cursor, limit: limit, hasRows: statement.columns != nil)
        guard let affected else { return out.portalSuspended() }
        portal.isDone = true
        let command = statement.command
        let count = command.writes ? affected : Int64(portal.rows - before)
        out.commandComplete(tag ?? Self.tag(command, count))
        // What a function has set holds for the next statement.
        publishSettings()
    }

    static func tag(_ command: SQLCommand, _ count: Int64) -> String {
        guard command.countsRows else { return command.tag }
        return command.tag == "INSERT" ? "INSERT 0 \(count)" : "\(command.tag) \(count)"
    }

    /// Sends up to `limit` rows; the number of rows that were affected once there are no more, else nil.
    func rows(
        _ portal: PostgresPortal, _ cursor: any SQLCursor, limit: Int, hasRows: Bool
    ) async throws(SQLFailure) -> Int64? {
        if let kept = portal.kept { return try await rows(portal, kept, limit: limit) }
        var left = limit > 0 ? limit : Int.max
        while true {
            // With as many rows as were asked for it is not known yet that there are no more.
            if left == 0 { return nil }
            if portal.sent == portal.batch.rowCount {
                guard !portal.batch.isLast else { return portal.batch.affected }
                portal.batch = try await cursor.fetch(limit > 0 ? left : 0)
                portal.sent = 0
                if session.waker.isCancelled { throw .cancelled }
                tellNotices()
                continue
            }
            try send(portal, portal.described ?? portal.prepared.described ?? cursor.columns ?? [], isSent: hasRows)
            left -= 1
            try await relieve()
        }
    }

    func relieve() async throws(SQLFailure) {
        do {
            try await connection.relieve()
        } catch {
            throw SQLFailure("08006", "the client went away")
        }
    }

    /// The same with rows that were kept.
    private func rows(
        _ portal: PostgresPortal, _ kept: PostgresKeptRows, limit: Int
    ) async throws(SQLFailure) -> Int64? {
        let columns = portal.described ?? portal.prepared.described ?? Self.settled(portal.cursor?.columns) ?? []
        var left = limit > 0 ? limit : Int.max
        while left > 0 {
            try await load(portal, kept, kept.position + 1)
            guard kept.position < kept.count else {
                kept.position = kept.count + 1
                return 0
            }
            kept.position += 1
            try send(kept.row(kept.position), columns, portal)
            portal.rows += 1
            left -= 1
            try await relieve()
        }
        return nil
    }

    /// Sends one row in the formats of a portal.
    func send(
        _ values: ArraySlice<SQLValue>, _ columns: [SQLColumn], _ portal: PostgresPortal
    ) throws(SQLFailure) {
        let start = values.startIndex
        try out.dataRow(columns.count) { (index, bytes) throws(SQLFailure) in
            try PostgresValueWriter.append(
                values[start + index], columns[index], binary: portal.isBinary(index), to: &bytes)
        }
    }

    private func send(_ portal: PostgresPortal, _ columns: [SQLColumn], isSent: Bool) throws(SQLFailure) {
        let width = columns.count
        let start = portal.sent * width
        portal.sent += 1
        guard isSent, width > 0, portal.batch.values.count >= start + width else { return }
        portal.rows += 1
        let values = portal.batch.values
        try out.dataRow(width) { (index, bytes) throws(SQLFailure) in
            try PostgresValueWriter.append(
                values[start + index], columns[index], binary: portal.isBinary(index), to: &bytes)
        }
    }
}
