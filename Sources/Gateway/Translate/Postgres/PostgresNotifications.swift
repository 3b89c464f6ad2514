// LISTEN and NOTIFY: channels between the sessions with one backend, told at the end of transactions.

import Capabilities
import Synchronization

/// What NOTIFY tells those who listen to a channel.
struct PostgresNotification: Sendable, Hashable {
    /// The longest payload and the longest name in bytes (PostgreSQL documentation, "NOTIFY": shorter than 8000; async.c).
    private static let longestPayload = 7_999
    private static let longestName = 63

    let channel: [UInt8]
    let payload: [UInt8]

    init(channel: [UInt8], payload: [UInt8]) throws(SQLFailure) {
        guard !channel.isEmpty else { throw SQLFailure("22023", "channel name cannot be empty") }
        guard channel.count <= Self.longestName else { throw SQLFailure("22023", "channel name too long") }
        guard payload.count <= Self.longestPayload else { throw SQLFailure("22023", "payload string too long") }
        self.channel = channel
        self.payload = payload
    }
}

/// What a session's open transaction has to say; its statements' functions add to it on their own threads.
final class PostgresOutbox: Sendable {
    /// Most notifications of one transaction.
    private static let most = 10_000

    private struct State {
        var notifications: [PostgresNotification] = []
        /// The same again in one transaction is told once.
        var known: Set<PostgresNotification> = []
    }

    private let state = Mutex(State())

    func add(_ notification: PostgresNotification) throws(SQLFailure) {
        try state.withLock { state throws(SQLFailure) in
            guard !state.known.contains(notification) else { return }
            guard state.notifications.count < Self.most else {
                throw SQLFailure("54000", "a transaction has at most \(Self.most) notifications here")
            }
            state.known.insert(notification)
            state.notifications.append(notification)
        }
    }

    var count: Int { state.withLock { $0.notifications.count } }

    /// Takes back what came behind the first `count`.
    func truncate(_ count: Int) {
        state.withLock { state in
            while state.notifications.count > count { state.known.remove(state.notifications.removeLast()) }
        }
    }

    func take() -> [PostgresNotification] {
        state.withLock { state in
            guard !state.notifications.isEmpty else { return [] }
            defer { state = State() }
            return state.notifications
        }
    }
}

/// Who listens to what.
final class PostgresNotifications: Sendable {
    static let shared = PostgresNotifications()

    private struct Channel: Hashable {
        let backend: String
        let name: [UInt8]
    }

    private struct State {
        var listeners: [Channel: [UInt32: PostgresRunningSession]] = [:]
        var channels: [UInt32: Set<[UInt8]>] = [:]
    }

    private let state = Mutex(State())

    func listen(_ name: [UInt8], _ session: PostgresRunningSession) {
        state.withLock { state in
            let id = session.key.processID
            state.listeners[Channel(backend: session.backend, name: name), default: [:]][id] = session
            state.channels[id, default: []].insert(name)
        }
    }

    /// Ends listening; nil is to all channels.
    func unlisten(_ name: [UInt8]?, _ session: PostgresRunningSession) {
        state.withLock { state in
            let id = session.key.processID
            for one in name.map({ [$0] }) ?? Array(state.channels[id] ?? []) {
                let channel = Channel(backend: session.backend, name: one)
                state.listeners[channel]?[id] = nil
                if state.listeners[channel]?.isEmpty == true { state.listeners[channel] = nil }
                state.channels[id]?.remove(one)
            }
            if state.channels[id]?.isEmpty == true { state.channels[id] = nil }
        }
    }

    /// The channels that a session listens to, in order.
    func channels(_ session: PostgresRunningSession) -> [[UInt8]] {
        state.withLock { Array($0.channels[session.key.processID] ?? []) }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Fails when some listener has so many notifications waiting that it cannot take these too.
    func checkRoom(for outbox: PostgresOutbox, of session: PostgresRunningSession) throws(SQLFailure) {
        let count = outbox.count
        guard count > 0 else { return }
        let isFull = state.withLock { state in
            state.listeners.contains { channel, listeners in
                channel.backend == session.backend && listeners.values.contains { !$0.hasRoom(for: count) }
            }
        }
        if isFull {
            throw SQLFailure(
                "54000", "too many notifications in the NOTIFY queue",
                detail: "A session that listens has not ended its transaction or not read what it was told.")
        }
    }

    /// Tells all who listen; what one transaction says comes in one piece.
    func tell(_ notifications: [PostgresNotification], from session: PostgresRunningSession) {
        guard !notifications.isEmpty else { return }
        state.withLock { state in
            var woken: [UInt32: PostgresRunningSession] = [:]
            for notification in notifications {
                let channel = Channel(backend: session.backend, name: notification.channel)
                for (id, listener) in state.listeners[channel] ?? [:] {
                    listener.hear(notification, from: session.key.processID)
                    woken[id] = listener
                }
            }
            for listener in woken.values { listener.wake() }
        }
    }
}

extension PostgresTranslatedSession {
    /// What the session's own statements say of channels.
    enum ListenAction {
        case listen([UInt8])
        /// nil for all channels.
        case unlisten([UInt8]?)
    }

    /// Carries out what a transaction that was committed has said.
    func commitNotifications() {
        for action in listenActions {
            switch action {
            case .listen(let name): PostgresNotifications.shared.listen(name, running)
            case .unlisten(let name): PostgresNotifications.shared.unlisten(name, running)
            }
        }
        listenActions = []
        PostgresNotifications.shared.tell(outbox.take(), from: running)
    }

    func forgetNotifications() {
        listenActions = []
        outbox.truncate(0)
    }

    /// Tells the client what it has heard of, unless a transaction is open.
    func tellNotifications() {
        for (notification, sender) in running.takeHeard() {
            out.notification(sender, channel: notification.channel, payload: notification.payload)
        }
    }

    func notify(_ kind: PostgresStatementKind) throws(SQLFailure) {
        guard gate.service.sql?.isOnlyDoor == true else {
            throw .refused(.busSubscribe, "there are no notifications here")
        }
        switch kind {
        case .listen(let name):
            guard name.utf8.count <= 63 else { throw SQLFailure("22023", "channel name too long") }
            listenActions.append(.listen(Array(name.utf8)))
            out.commandComplete("LISTEN")
        case .unlisten(let name):
            listenActions.append(.unlisten(name.map { Array($0.utf8) }))
            out.commandComplete("UNLISTEN")
        case .notify(let name, let payload):
            try outbox.add(try PostgresNotification(channel: Array(name.utf8), payload: payload))
            out.commandComplete("NOTIFY")
        default: break
        }
    }
}
