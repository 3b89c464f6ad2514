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
    private func runQuery(_ portal: PostgresPortal, limit: Int, tag: String?) async throws(SQLFailure) {
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

    // MARK: Transactions

    private func requireBlock(_ what: String) throws(SQLFailure) {
        guard block == .open || block == .failed else {
            throw SQLFailure("25P01", "\(what) can only be used in transaction blocks")
        }
    }

    private func begin(_ isolation: SQLIsolation?, _ readOnly: Bool?) async throws(SQLFailure) {
        try check(CapabilitySet(.sqlTransaction))
        switch block {
        case .open, .failed: warn("25001", "there is already a transaction in progress")
        case .implicit:
            // What came before belongs to the block now, as in the server.
            block = .open
        case .none:
            var mode = settings.transactionMode
            if let isolation { mode.isolation = isolation }
            if let readOnly { mode.isReadOnly = readOnly }
            try await sql.begin(mode)
            block = .open
            blockHasQueried = false
            settingsBefore = settings
            note(mode)
        }
        if settingsBefore == nil { settingsBefore = settings }
        out.commandComplete("BEGIN")
    }

    private func note(_ mode: SQLTransactionMode) {
        blockMode = mode
        settings.noteTransaction(mode)
    }

    private func commit(chains: Bool) async throws(SQLFailure) {
        let mode = blockMode
        switch block {
        case .failed: return try await rollback(chains: chains, tag: "ROLLBACK")
        case .none, .implicit:
            if chains { throw SQLFailure("25P01", "COMMIT AND CHAIN can only be used in transaction blocks") }
            warn("25P01", "there is no transaction in progress")
            if block == .implicit {
                try await commitPortals()
                try PostgresNotifications.shared.checkRoom(for: outbox, of: running)
                block = .none
                sharedSettings.commit()
                try await commitBackend()
            }
        case .open:
            try await commitPortals()
            try PostgresNotifications.shared.checkRoom(for: outbox, of: running)
            block = .none
            settingsBefore = nil
            savepoints = []
            sharedSettings.commit()
            try await commitBackend()
        }
        out.commandComplete("COMMIT")
        if chains { try await chain(mode) }
    }

    /// Commits, and tells what was said of channels once that has succeeded.
    func commitBackend() async throws(SQLFailure) {
        do throws(SQLFailure) {
            try await sql.commit()
        } catch {
            forgetNotifications()
            throw error
        }
        commitNotifications()
    }

    private func rollback(chains: Bool, tag: String = "ROLLBACK") async throws(SQLFailure) {
        if block == .none || block == .implicit {
            if chains { throw SQLFailure("25P01", "ROLLBACK AND CHAIN can only be used in transaction blocks") }
            warn("25P01", "there is no transaction in progress")
        }
        await rollBackPortals()
        let wasBegun = block != .none
        let mode = blockMode
        if let before = settingsBefore { settings.restore(before) } else { sharedSettings.rollback() }
        block = .none
        settingsBefore = nil
        savepoints = []
        sharedSettings.forgetLocals()
        forgetNotifications()
        if wasBegun { try await sql.rollback() }
        out.commandComplete(tag)
        if chains { try await chain(mode) }
    }

    /// Begins a block like the one that has ended.
    private func chain(_ mode: SQLTransactionMode?) async throws(SQLFailure) {
        let mode = mode ?? settings.transactionMode
        try await sql.begin(mode)
        block = .open
        settingsBefore = settings
        note(mode)
    }

    // MARK: Prepared statements and cursors of SQL

    private func deallocate(_ name: String?) throws(SQLFailure) {
        if let name {
            guard let prepared = statements.removeValue(forKey: Array(name.utf8)) else {
                throw SQLFailure("26000", "prepared statement \"\(name)\" does not exist")
            }
            prepared.statement?.close()
            return out.commandComplete("DEALLOCATE")
        }
        for prepared in statements.values { prepared.statement?.close() }
        statements = [:]
        out.commandComplete("DEALLOCATE ALL")
    }

    private func executeNamed(
        _ portal: PostgresPortal, _ name: String, _ arguments: Range<Int>, limit: Int
    ) async throws(SQLFailure) {
        guard let inner = statements[Array(name.utf8)] else {
            throw SQLFailure("26000", "prepared statement \"\(name)\" does not exist")
        }
        var values: [SQLValue] = []
        if !arguments.isEmpty {
            // The backend works the expressions out.
            let text = Array("SELECT ".utf8) + portal.prepared.text[arguments]
            let statement = try await sql.prepare(text, parameterTypes: [])
            let cursor = try sql.open(statement, [])
            values = try await cursor.fetch(1).values
            await cursor.close()
            statement.close()
        }
        guard values.count == inner.parameterTypes.count else {
            throw SQLFailure(
                "42601", "wrong number of parameters for prepared statement \"\(name)\"",
                detail: "Expected \(inner.parameterTypes.count) parameters but got \(values.count).")
        }
        for (index, type) in inner.parameterTypes.enumerated() {
            if case .text(let text) = values[index] { values[index] = try type.value(text) }
        }
        let run = PostgresPortal(inner, values, portal.formats)
        do throws(SQLFailure) {
            if case .query = inner.kind {
                try await runQuery(run, limit: 0, tag: nil)
            } else {
                try await execute(run, limit: 0)
            }
        } catch {
            await run.cursor?.close()
            throw error
        }
        await run.cursor?.close()
    }

    // MARK: Settings

    private func settingStatement(_ kind: PostgresStatementKind) async throws(SQLFailure) {
        do throws(PostgresReport) {
            switch kind {
            case .set(let name, let value, let isLocal): try set(name, value, isLocal: isLocal)
            case .setTransaction(let isolation, let readOnly, let isSession):
                return try await setTransaction(isolation, readOnly, isSession: isSession)
            case .show(let name): return try show(name)
            case .reset(let name):
                if let name { try settings.set(name, nil) } else { settings.resetAll() }
                out.commandComplete("RESET")
            case .discard(let what):
                guard block == .none || what != "all" else {
                    throw PostgresReport(state: "25001", message: "DISCARD ALL cannot run inside a transaction block")
                }
                return await discard(what)
            default: break
            }
        } catch {
            throw SQLFailure(error.state, error.message)
        }
        publishSettings()
    }

    private func set(_ name: String, _ value: String?, isLocal: Bool) throws(PostgresReport) {
        if isLocal {
            guard block != .none else {
                warn("25P01", "SET LOCAL can only be used in transaction blocks")
                return out.commandComplete("SET")
            }
        }
        try sharedSettings.set(name, value, isLocal: isLocal)
        out.commandComplete("SET")
    }

    /// `SET TRANSACTION` changes the open block, which has to have done nothing yet; else the defaults of later ones.
    private func setTransaction(
        _ isolation: SQLIsolation?, _ readOnly: Bool?, isSession: Bool
    ) async throws(PostgresReport) {
        if isSession {
            if let isolation { try settings.set("default_transaction_isolation", isolation.rawValue) }
            if let readOnly { try settings.set("default_transaction_read_only", readOnly ? "on" : "off") }
            publishSettings()
        } else if block == .open {
            var mode = blockMode ?? settings.transactionMode
            if let isolation, isolation != mode.isolation, blockHasQueried {
                throw PostgresReport(
                    state: "25001", message: "SET TRANSACTION ISOLATION LEVEL must be called before any query")
            }
            if readOnly == false, mode.isReadOnly, blockHasQueried {
                throw PostgresReport(
                    state: "25001", message: "transaction read-write mode must be set before any query")
            }
            if let isolation { mode.isolation = isolation }
            if let readOnly { mode.isReadOnly = readOnly }
            do throws(SQLFailure) {
                try await sql.begin(mode)
                note(mode)
            } catch {
                throw PostgresReport(state: error.state, message: error.message)
            }
        } else {
            warn("25P01", "SET TRANSACTION can only be used in transaction blocks")
        }
        out.commandComplete("SET")
    }

    private func show(_ name: String) throws(PostgresReport) {
        func row(_ values: [String]) {
            out.dataRow(values.count) { (index, bytes) throws(Never) in
                bytes += values[index].utf8
                return true
            }
        }
        if name == "all" {
            for (name, value) in settings.all { row([name, value, ""]) }
        } else {
            row([try settings.show(name).value])
        }
        out.commandComplete("SHOW")
    }

    private func discard(_ what: String) async {
        // A backend that does not know the statement has no temporary tables.
        if what != "plans", what != "sequences",
            let statement = try? await sql.prepare(Array("DISCARD \(what)".utf8), parameterTypes: []),
            let cursor = try? sql.open(statement, [])
        {
            _ = try? await cursor.fetch(0)
            await cursor.close()
        }
        if what == "all" {
            await closeAllPortals()
            listenActions.append(.unlisten(nil))
            for prepared in statements.values { prepared.statement?.close() }
            statements = [:]
            settings.resetAll()
            publishSettings()
        }
        out.commandComplete("DISCARD \(what.uppercased())")
    }
}
