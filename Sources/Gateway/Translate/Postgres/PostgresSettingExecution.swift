// SET, SHOW, RESET and DISCARD, and what they do to a session.

import Capabilities
import PostgresWire

extension PostgresTranslatedSession {
    func settingStatement(_ kind: PostgresStatementKind) async throws(SQLFailure) {
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
