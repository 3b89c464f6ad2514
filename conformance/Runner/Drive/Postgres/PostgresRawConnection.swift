// A connection to a PostgreSQL target that sends any message and reads every one.

/// One connection of the raw client.
final class PostgresRawConnection: DriverConnection {
    private let transport: Transport
    private let target: Target
    private var reader = PostgresMessageReader()
    /// Messages that a step read before its time was over; the next one begins with them.
    private var held: [PostgresMessage] = []
    /// The newest value of every parameter that the server has reported.
    private(set) var parameters: [String: String] = [:]
    private var key: Value = .null
    private var status: Value = .null

    /// Who logs in where the target's URL says nobody.
    static let defaultUser = "postgres"

    /// Connects; with TLS asks the server for it first, as the target's `sslmode` says.
    init(_ target: Target, withTLS: Bool, deadline: Deadline) throws(DriverFailure) {
        var plain = target
        plain.isTLS = false
        // A folder of PostgreSQL's holds sockets by their ports.
        plain.unixPath = target.unixPath.map { "\($0)/.s.PGSQL.\(target.port)" }
        self.target = target
        transport = try Transport(plain, deadline: deadline)
        guard withTLS else { return }
        do throws(DriverFailure) {
            var evidence = Evidence()
            try send(try Self.made("SSLRequest"), deadline, &evidence)
            guard try byte(deadline, &evidence) == .text("S") else {
                throw DriverFailure(.unreachable, "\(target.label) does not speak TLS")
            }
            try startTLS(deadline)
        } catch {
            cut()
            throw error
        }
    }

    /// Connects and logs in; `words` are parameters of the StartupMessage, and `password`.
    static func loggedIn(
        _ target: Target, _ words: [(name: String, value: [UInt8])] = [], deadline: Deadline
    ) throws(DriverFailure) -> PostgresRawConnection {
        let connection = try PostgresRawConnection(target, withTLS: target.isTLS, deadline: deadline)
        var evidence = Evidence()
        do throws(DriverFailure) {
            let answer = try connection.login(PostgresLogin(target, words), deadline, &evidence)
            if let error = answer.last, error.type == UInt8(ascii: "E") {
                throw DriverFailure(
                    .unreachable, "the login is refused: \(ValueText.short(error.value))", answer: error.value)
            }
        } catch {
            connection.cut()
            throw error
        }
        return connection
    }

    /// Whether the target answers a request for TLS with yes.
    static func offersTLS(_ target: Target, deadline: Deadline) throws(DriverFailure) -> Bool {
        let connection = try PostgresRawConnection(target, withTLS: false, deadline: deadline)
        defer { connection.close() }
        var evidence = Evidence()
        try connection.send(try made("SSLRequest"), deadline, &evidence)
        return try connection.byte(deadline, &evidence) == .text("S")
    }

    func close() {
        // A server hears of the end before the connection closes; whether it listens does not matter any more.
        if key != .null || status != .null {
            try? transport.send(PostgresRequest.message(UInt8(ascii: "X"), []), deadline: .after(.milliseconds(100)))
        }
        transport.close()
    }

    func cut() { transport.cut() }

    // MARK: Actions

    func perform(_ action: Tree, deadline: Deadline, evidence: inout Evidence) throws(DriverFailure) -> Value {
        let wanted: PostgresRawAction
        do throws(SuiteProblem) { wanted = try PostgresRawAction(action) } catch {
            throw DriverFailure(.mistaken, error.message)
        }
        switch wanted.kind {
        case .send(let bytes):
            try send(bytes, deadline, &evidence)
            return try read(wanted.until, wanted.asBytes, deadline, &evidence)
        case .read: return try read(wanted.until, wanted.asBytes, deadline, &evidence)
        case .login(let entries):
            let login: PostgresLogin
            do throws(SuiteProblem) { login = try PostgresLogin(target, entries) } catch {
                throw DriverFailure(.mistaken, error.message)
            }
            return .list(try self.login(login, deadline, &evidence).map(\.value))
        case .startTLS:
            guard !reader.holdsBytes else { throw DriverFailure(.malformed, "bytes came before the TLS handshake") }
            try startTLS(deadline)
            return .text("started")
        case .info("key"): return key
        case .info("status"): return status
        case .info:
            return .fields(parameters.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) })
        case .finish:
            transport.finishSending()
            return .null
        }
    }

    private func startTLS(_ deadline: Deadline) throws(DriverFailure) {
        var target = target
        // `require` asks for encryption, not for a name; with an authority it is verified, as libpq does.
        if !["verify-ca", "verify-full"].contains(target.options["sslmode"] ?? ""), target.options["ca"] == nil {
            target.options["insecure"] = "true"
        }
        try transport.startTLS(target, deadline: deadline)
    }

    // MARK: Messages

    func send(_ bytes: [UInt8], _ deadline: Deadline, _ evidence: inout Evidence) throws(DriverFailure) {
        evidence.sent(bytes)
        try transport.send(bytes, deadline: deadline)
    }

    private func read(
        _ until: PostgresRawAction.Until, _ asBytes: Bool, _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> Value {
        switch until {
        case .nothing: return .null
        case .byte: return try byte(deadline, &evidence)
        case .close where asBytes: return try bytesToClose(deadline, &evidence)
        default: break
        }
        var messages: [PostgresMessage] = []
        var isClosed = false
        do throws(DriverFailure) {
            while !isClosed {
                let message = try message(deadline, &evidence)
                messages.append(message)
                if Self.ends(until, message, messages.count) { break }
            }
        } catch {
            if case .close = until, error.kind == .closed {
                isClosed = true
            } else {
                // What came is kept: after a silence that was expected the case goes on.
                if error.kind == .timedOut { held = messages + held }
                throw DriverFailure(error.kind, Self.story(error, messages))
            }
        }
        if asBytes { return .bytes(messages.flatMap(\.bytes)) }
        return .list(messages.map(\.value) + (isClosed ? [.typed(MatchRule.closed.rawValue, .null)] : []))
    }

    private static func ends(_ until: PostgresRawAction.Until, _ message: PostgresMessage, _ count: Int) -> Bool {
        switch until {
        case .ready: message.type == UInt8(ascii: "Z")
        case .count(let wanted): count == wanted
        case .message(let name): if case .typed(name, _) = message.value { true } else { false }
        case .close, .byte, .nothing: false
        }
    }

    private static func story(_ failure: DriverFailure, _ messages: [PostgresMessage]) -> String {
        messages.isEmpty
            ? failure.message : "\(failure.message), after \(ValueText.short(.list(messages.suffix(3).map(\.value))))"
    }

    /// The next message, whatever it is.
    func message(_ deadline: Deadline, _ evidence: inout Evidence) throws(DriverFailure) -> PostgresMessage {
        if !held.isEmpty { return held.removeFirst() }
        while true {
            if let message = try reader.next() {
                note(message)
                return message
            }
            try receive(deadline, &evidence)
        }
    }

    private func receive(_ deadline: Deadline, _ evidence: inout Evidence) throws(DriverFailure) {
        let bytes = try transport.receive(deadline: deadline)
        evidence.received(bytes)
        reader.append(bytes)
    }

    private func byte(_ deadline: Deadline, _ evidence: inout Evidence) throws(DriverFailure) -> Value {
        while true {
            if let byte = reader.takeByte() { return .bytes([byte]) }
            try receive(deadline, &evidence)
        }
    }

    private func bytesToClose(_ deadline: Deadline, _ evidence: inout Evidence) throws(DriverFailure) -> Value {
        do throws(DriverFailure) {
            while true { try receive(deadline, &evidence) }
        } catch { if error.kind != .closed { throw error } }
        return .bytes(reader.takeBytes())
    }

    private func note(_ message: PostgresMessage) {
        switch message.value {
        case .typed("ParameterStatus", let pair):
            if let name = pair["0"]?.asText { parameters[name] = pair["1"]?.asText }
        case .typed("BackendKeyData", let stated): key = stated
        case .typed("ReadyForQuery", let stated): status = stated
        default: break
        }
    }

    // MARK: The driver's own questions

    private static func made(_ name: String) throws(DriverFailure) -> [UInt8] {
        do throws(SuiteProblem) { return try PostgresRequest.bytes(Tree(.text(name, isQuoted: false))) } catch {
            throw DriverFailure(.mistaken, error.message)
        }
    }

    private func ask(_ sql: String, _ deadline: Deadline) throws(DriverFailure) -> [Value] {
        var evidence = Evidence()
        try send(PostgresRequest.message(UInt8(ascii: "Q"), Array(sql.utf8) + [0]), deadline, &evidence)
        guard case .list(let values) = try read(.ready, false, deadline, &evidence) else { return [] }
        return values
    }

    /// Runs a statement; the error where there is one.
    func run(_ sql: String, deadline: Deadline) throws(DriverFailure) -> Value? {
        for case .typed("error", let inner) in try ask(sql, deadline) { return inner }
        return nil
    }

    /// The rows of a statement as text; nil where it is refused.
    func rows(_ sql: String, deadline: Deadline) throws(DriverFailure) -> [[String?]]? {
        var rows: [[String?]] = []
        for value in try ask(sql, deadline) {
            if case .typed("error", _) = value { return nil }
            if case .typed("DataRow", .list(let cells)) = value {
                rows.append(cells.map { $0 == .null ? nil : $0.asText })
            }
        }
        return rows
    }
}
