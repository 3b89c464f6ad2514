// Functions of statements that are about sessions and settings: the gateway's business, not the backend's.

import Capabilities
import Glibc
import PostgresWire

/// The functions of one session.
struct PostgresSessionFunctions {
    private let session: PostgresRunningSession
    private let settings: PostgresSharedSettings

    /// All of them; those of channels only with an outbox.
    static func all(
        _ session: PostgresRunningSession, _ settings: PostgresSharedSettings, _ outbox: PostgresOutbox?
    ) -> [SQLSessionFunction] {
        let functions = PostgresSessionFunctions(session: session, settings: settings)
        let notify = outbox.map { outbox in
            SQLSessionFunction("pg_notify", 2...2) { values, _ throws(SQLFailure) in
                let channel = Array((text(values[0]) ?? "").utf8)
                let payload = Array((text(values[1]) ?? "").utf8)
                try outbox.add(try PostgresNotification(channel: channel, payload: payload))
                return .text("")
            }
        }
        return (notify.map { [$0] } ?? []) + [
            SQLSessionFunction("current_setting", 1...2) { values, _ throws(SQLFailure) in
                try functions.currentSetting(values)
            },
            SQLSessionFunction("set_config", 3...3) { values, _ throws(SQLFailure) in
                try functions.setConfig(values)
            },
            SQLSessionFunction("pg_cancel_backend", 1...1) { values, _ throws(SQLFailure) in
                try functions.cancel(values)
            },
            SQLSessionFunction("pg_terminate_backend", 1...2) { values, mustStop throws(SQLFailure) in
                try functions.terminate(values, mustStop)
            },
        ]
    }

    private init(session: PostgresRunningSession, settings: PostgresSharedSettings) {
        self.session = session
        self.settings = settings
    }

    private static func text(_ value: SQLValue) -> String? {
        switch value {
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        default: nil
        }
    }

    private static func failure(_ report: PostgresReport) -> SQLFailure { SQLFailure(report.state, report.message) }

    // MARK: Settings

    private func currentSetting(_ values: [SQLValue]) throws(SQLFailure) -> SQLValue {
        guard let name = Self.text(values[0]) else { return .null }
        do throws(PostgresReport) {
            return .text(try settings.settings.show(name).value)
        } catch {
            if values.count > 1, values[1] == .integer(1), error.state == "42704" { return .null }
            throw Self.failure(error)
        }
    }

    private func setConfig(_ values: [SQLValue]) throws(SQLFailure) -> SQLValue {
        guard let name = Self.text(values[0]) else {
            throw SQLFailure("22004", "SET requires parameter name")
        }
        if name.lowercased() == "transaction_isolation" || name.lowercased() == "transaction_read_only" {
            throw .refused(.sqlTransaction, "\(name) is set by BEGIN and SET TRANSACTION only here")
        }
        do throws(PostgresReport) {
            try settings.set(name, Self.text(values[1]), isLocal: values[2] == .integer(1))
            return .text(try settings.settings.show(name).value)
        } catch {
            throw Self.failure(error)
        }
    }

    // MARK: Sessions

    /// The session that is meant, which has to be of the same user; nil and a warning when there is none.
    private func target(_ value: SQLValue, _ verb: String) throws(SQLFailure) -> PostgresRunningSession? {
        guard case .integer(let number) = value else { return nil }
        guard let found = PostgresRunningSessions.shared.session(number, of: session.backend) else {
            settings.warn("01000", "PID \(number) is not a PostgreSQL server process")
            return nil
        }
        guard found.user == session.user else {
            let what = verb == "terminate" ? "process" : "query"
            throw SQLFailure(
                "42501",
                "must be a member of the role whose \(what) is being \(verb == "terminate" ? "terminated" : "canceled") or member of pg_signal_backend"
            )
        }
        return found
    }

    private func cancel(_ values: [SQLValue]) throws(SQLFailure) -> SQLValue {
        if values[0] == .null { return .null }
        guard let found = try target(values[0], "cancel") else { return .integer(0) }
        found.cancel()
        return .integer(1)
    }

    private func terminate(_ values: [SQLValue], _ mustStop: () -> Bool) throws(SQLFailure) -> SQLValue {
        if values.contains(.null) { return .null }
        var milliseconds: Int64 = 0
        if values.count > 1, case .integer(let given) = values[1] { milliseconds = given }
        guard milliseconds >= 0 else { throw SQLFailure("22003", "\"timeout\" must not be negative") }
        guard let found = try target(values[0], "terminate") else { return .integer(0) }
        found.terminate()
        guard milliseconds > 0 else { return .integer(1) }
        let end = Self.milliseconds + milliseconds
        while PostgresRunningSessions.shared.session(Int64(found.key.processID), of: session.backend) === found {
            if mustStop() { throw .cancelled }
            guard Self.milliseconds < end else {
                settings.warn(
                    "01000",
                    "backend with PID \(found.key.processID) did not terminate within \(milliseconds) millisecond\(milliseconds == 1 ? "" : "s")"
                )
                return .integer(0)
            }
            usleep(2_000)
        }
        return .integer(1)
    }

    private static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
