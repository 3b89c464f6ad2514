// How a session begins and ends transaction blocks.

import Capabilities
import PostgresWire

extension PostgresTranslatedSession {
    func requireBlock(_ what: String) throws(SQLFailure) {
        guard block == .open || block == .failed else {
            throw SQLFailure("25P01", "\(what) can only be used in transaction blocks")
        }
    }

    func begin(_ isolation: SQLIsolation?, _ readOnly: Bool?) async throws(SQLFailure) {
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

    func note(_ mode: SQLTransactionMode) {
        blockMode = mode
        settings.noteTransaction(mode)
    }

    func commit(chains: Bool) async throws(SQLFailure) {
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

    func rollback(chains: Bool, tag: String = "ROLLBACK") async throws(SQLFailure) {
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
}
