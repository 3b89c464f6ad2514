// Relations of the catalogue that are about sessions: who is connected, and what a session has prepared and opened.

import Capabilities
import PostgresWire
import Synchronization

/// What a session has prepared and opened, as it was when a statement that asks for it began.
final class PostgresSessionObjects: Sendable {
    private struct State {
        var statements: [SQLValue] = []
        var cursors: [SQLValue] = []
    }

    private let state = Mutex(State())

    /// Relations whose rows a session has to tell before they are read.
    static let names: Set<String> = ["pg_prepared_statements", "pg_cursors"]

    func tell(statements: [SQLValue], cursors: [SQLValue]) {
        state.withLock { $0 = State(statements: statements, cursors: cursors) }
    }

    var statements: [SQLValue] { state.withLock { $0.statements } }
    var cursors: [SQLValue] { state.withLock { $0.cursors } }
}

/// The relations, with the columns of PostgreSQL 15's (documentation, chapters "System Views" and "Monitoring Statistics").
enum PostgresSessionRelations {
    static func all(
        _ session: PostgresRunningSession, _ settings: PostgresSharedSettings, _ objects: PostgresSessionObjects
    ) -> [SQLLiveRelation] {
        [
            SQLLiveRelation("pg_stat_activity", columns: activityColumns) { activity(session) },
            SQLLiveRelation(
                "pg_prepared_statements",
                columns: [
                    SQLColumn("name", .text), SQLColumn("statement", .text),
                    SQLColumn("prepare_time", .timestampWithZone), SQLColumn("parameter_types", .textArray),
                    SQLColumn("from_sql", .boolean), SQLColumn("generic_plans", .int64),
                    SQLColumn("custom_plans", .int64),
                ]
            ) { objects.statements },
            SQLLiveRelation(
                "pg_cursors",
                columns: [
                    SQLColumn("name", .text), SQLColumn("statement", .text), SQLColumn("is_holdable", .boolean),
                    SQLColumn("is_binary", .boolean), SQLColumn("is_scrollable", .boolean),
                    SQLColumn("creation_time", .timestampWithZone),
                ]
            ) { objects.cursors },
            SQLLiveRelation("pg_listening_channels", columns: [SQLColumn("pg_listening_channels", .text)]) {
                PostgresNotifications.shared.channels(session).map { .text($0) }
            },
            SQLLiveRelation(
                "pg_settings", columns: ["name", "setting"].map { SQLColumn($0, .text) }
            ) { settings.settings.all.flatMap { [.text($0.name), .text($0.value)] } },
        ]
    }

    static func time(_ microseconds: Int64?) -> SQLValue {
        guard let microseconds, let text = SQLInstant.timestampText(microseconds) else { return .null }
        return .text(text + Array("+00".utf8))
    }

    static func boolean(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }

    // MARK: Sessions

    private static let activityColumns: [SQLColumn] = [
        SQLColumn("datid", .oid), SQLColumn("datname", .name), SQLColumn("pid", .int32),
        SQLColumn("leader_pid", .int32), SQLColumn("usesysid", .oid), SQLColumn("usename", .name),
        SQLColumn("application_name", .text), SQLColumn("client_addr", .text), SQLColumn("client_hostname", .text),
        SQLColumn("client_port", .int32), SQLColumn("backend_start", .timestampWithZone),
        SQLColumn("xact_start", .timestampWithZone), SQLColumn("query_start", .timestampWithZone),
        SQLColumn("state_change", .timestampWithZone), SQLColumn("wait_event_type", .text),
        SQLColumn("wait_event", .text), SQLColumn("state", .text), SQLColumn("backend_xid", .int64),
        SQLColumn("backend_xmin", .int64), SQLColumn("query_id", .int64), SQLColumn("query", .text),
        SQLColumn("backend_type", .text),
    ]

    /// The sessions with the same backend; what others' sessions do is their users' business, as in a server.
    private static func activity(_ own: PostgresRunningSession) -> [SQLValue] {
        PostgresRunningSessions.shared.all(of: own.backend).flatMap { session in
            let activity = session.activity
            let isOwn = session.user == own.user
            let (address, port) = peer(session)
            let hidden = SQLValue.text("<insufficient privilege>")
            let details: [SQLValue] =
                isOwn
                ? [
                    time(session.start), time(activity.transactionStart), time(activity.queryStart),
                    time(activity.stateChange), activity.isActive ? .null : .text("Client"),
                    activity.isActive ? .null : .text("ClientRead"), .text(state(activity)),
                ] : Array(repeating: .null, count: 7)
            return [
                .integer(5), .text(session.database), .integer(Int64(session.key.processID)), .null, .integer(10),
                .text(session.user), .text(activity.application), isOwn ? address : .null, .null,
                isOwn ? port : .null,
            ] + details + [.null, .null, .null, isOwn ? .text(activity.query) : hidden, .text("client backend")]
        }
    }

    private static func state(_ activity: PostgresRunningSession.Activity) -> String {
        if activity.isActive { return "active" }
        return switch activity.status {
        case .idle: "idle"
        case .inTransaction: "idle in transaction"
        case .failed: "idle in transaction (aborted)"
        }
    }

    /// The client's address and port; none and -1 where it came by a path.
    private static func peer(_ session: PostgresRunningSession) -> (address: SQLValue, port: SQLValue) {
        guard !session.peer.isUnix, let port = session.peer.port else { return (.null, .integer(-1)) }
        let text = session.peer.description.dropLast(String(port).count + 1)
        return (.text(text.filter { $0 != "[" && $0 != "]" }), .integer(Int64(port)))
    }
}

extension PostgresTranslatedSession {
    /// Tells what there is to the relations that a statement is about to read.
    func tellObjects() {
        var rows: [SQLValue] = []
        for (name, prepared) in statements.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) where !name.isEmpty
        {
            let types = prepared.parameterTypes.enumerated().map { index, type in
                Array((prepared.arrays[index].map { "\($0.displayName)[]" } ?? type.displayName).utf8)
            }
            rows += [
                .text(name), .text(prepared.source), PostgresSessionRelations.time(prepared.time),
                .text(SQLArrayText.text(types)), PostgresSessionRelations.boolean(prepared.isFromSQL),
                .integer(0), .integer(0),
            ]
        }
        var cursors: [SQLValue] = []
        for (name, portal) in portals.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            cursors += [
                .text(name), .text(portal.source), PostgresSessionRelations.boolean(portal.options.isHoldable),
                PostgresSessionRelations.boolean(portal.options.isBinary),
                PostgresSessionRelations.boolean(portal.options.isScrollable),
                PostgresSessionRelations.time(portal.time),
            ]
        }
        objects.tell(statements: rows, cursors: cursors)
    }
}
