// Simple queries: a text of several statements, run one after another as one transaction.

import Capabilities
import PostgresWire

extension PostgresTranslatedSession {
    /// Runs a Query up to its last answer but the ReadyForQuery.
    func query(_ text: [UInt8]) async {
        // The unnamed ones do not outlive a simple query (protocol page "Extended Query").
        statements[[]] = nil
        await closePortal([])
        do throws(SQLFailure) {
            try PostgresValueReader.validate(text)
            let parts = try SQLLexer.statements(text)
            guard !parts.isEmpty else { return out.emptyQueryResponse() }
            for tokens in parts { try PostgresStatementReader.checkStart(tokens, text) }
            for tokens in parts { try await run(tokens, text, isAlone: parts.count == 1) }
        } catch {
            fail(error, in: text)
            await failBlock()
        }
        await endSegment(text)
    }

    private func run(_ tokens: [SQLToken], _ text: [UInt8], isAlone: Bool) async throws(SQLFailure) {
        guard let first = tokens.first, let last = tokens.last else { return }
        let part = Array(text[first.start..<last.end])
        let start = session.worker.now
        var command = PostgresCommand.other
        do throws(SQLFailure) {
            let prepared = try await prepare(part, types: [], mayBeCached: false)
            command = prepared.command
            prepared.source = text
            try await enterSegment(prepared, isAlone: isAlone)
            let portal = PostgresPortal(prepared, [], [])
            if !prepared.parameterTypes.isEmpty, case .query = prepared.kind {
                throw SQLFailure("42P02", "there is no parameter $1")
            }
            do throws(SQLFailure) {
                try await describe(portal, tellsNoData: false)
                try await execute(portal, limit: 0)
            } catch {
                await portal.cursor?.close()
                throw error
            }
            await portal.cursor?.close()
            prepared.statement?.close()
            note(command, since: start, failure: nil)
        } catch {
            note(command, since: start, failure: error)
            // Where a statement ends too early, the server stumbles over what separates it from the next one.
            if error.message == "syntax error at end of input",
                let semicolon = text[last.end...].firstIndex(of: UInt8(ascii: ";"))
            {
                throw SQLFailure("42601", "syntax error at or near \";\"", offset: semicolon)
            }
            throw error.moved(by: first.start)
        }
    }

    // MARK: What both kinds of query have in common

    /// Prepares one statement.
    func prepare(_ text: [UInt8], types: [SQLType], mayBeCached: Bool) async throws(SQLFailure) -> PostgresPrepared {
        let tokens = try SQLLexer.tokens(text)
        let word = tokens.first?.text ?? ""
        let command = Self.commands[word] ?? (word.isEmpty ? .empty : .other)
        if tokens.isEmpty { return PostgresPrepared(.query, text, nil, types, command, isEmpty: true) }
        let kind = try PostgresStatementReader.kind(tokens, text)
        guard block != .failed || kind.endsBlock else { throw Self.aborted }
        guard case .query = kind else {
            let inner: PostgresPrepared? =
                switch kind {
                case .execute(let name, _): statements[Array(name.utf8)]
                default: nil
                }
            return PostgresPrepared(kind, text, inner?.statement, types, command)
        }
        var needs = CapabilitySet(.sqlQuery)
        if !types.isEmpty || tokens.contains(where: { $0.kind == .parameter }) { needs.insert(.sqlParameters) }
        if mayBeCached { needs.insert(.sqlPrepared) }
        try check(needs)
        let statement = try await sql.prepare(text, parameterTypes: types)
        let prepared = PostgresPrepared(kind, text, statement, statement.parameterTypes, command)
        prepared.readsObjects = tokens.contains { PostgresSessionObjects.names.contains($0.text) }
        if mayBeCached { prepared.time = PostgresRunningSession.now }
        return prepared
    }

    static let aborted = SQLFailure(
        "25P02", "current transaction is aborted, commands ignored until end of transaction block")

    private static let commands: [String: PostgresCommand] = Dictionary(
        PostgresCommand.allCases.map { ($0.name.description, $0) }, uniquingKeysWith: { first, _ in first })

    /// Begins what belongs together, unless the statement is alone and a transaction by itself.
    func enterSegment(_ prepared: PostgresPrepared, isAlone: Bool) async throws(SQLFailure) {
        // What a session may only read by default, a statement by itself may not change either.
        guard block == .none, !isAlone || defaultMode.isReadOnly, !prepared.kind.isSessionsOwn else { return }
        try check(CapabilitySet(.sqlTransaction))
        try await sql.begin(settings.transactionMode)
        block = .implicit
    }

    /// Ends what began without a BEGIN, at a Sync or at the end of a Query.
    func endSegment(_ text: [UInt8] = []) async {
        switch block {
        case .none:
            do throws(SQLFailure) {
                try await commitPortals()
                try PostgresNotifications.shared.checkRoom(for: outbox, of: running)
            } catch {
                fail(error)
                await rollBackPortals()
                forgetNotifications()
            }
            sharedSettings.commit()
            commitNotifications()
        case .implicit:
            do throws(SQLFailure) {
                try await commitPortals()
                try PostgresNotifications.shared.checkRoom(for: outbox, of: running)
                block = .none
                sharedSettings.commit()
                try await commitBackend()
            } catch {
                fail(error)
                if block == .implicit { await failBlock() }
            }
        case .open, .failed: break
        }
        publishSettings()
    }

    /// Notes that a statement has failed: an open block is of no more use, an implicit one is taken back.
    func failBlock() async {
        switch block {
        case .none:
            await rollBackPortals()
            sharedSettings.rollback()
            forgetNotifications()
        case .implicit:
            await rollBackPortals()
            forgetNotifications()
            block = .none
            sharedSettings.rollback()
            try? await sql.rollback()
        case .open: block = .failed
        case .failed: break
        }
    }

    // MARK: Portals

    func closePortal(_ name: [UInt8]) async {
        guard let portal = portals.removeValue(forKey: name) else { return }
        await portal.cursor?.close()
    }
}
