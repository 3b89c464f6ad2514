// From a startup packet to the first ReadyForQuery: version, password, settings, and the backend's session.

import Capabilities
import Digest
import PostgresWire
import Reactor

/// What a login has opened.
struct PostgresOpened {
    let sql: any SQLSession
    let running: PostgresRunningSession
    let settings: PostgresSharedSettings
    let objects: PostgresSessionObjects
    let outbox: PostgresOutbox
    let user: String
}

/// Logs one client in.
struct PostgresLogin {
    /// The version that clients are told; 15 is what the tests compare with.
    static let serverVersion = "15.0 (Fairlead)"
    /// As a server's own default.
    private static let iterations = 4096
    /// What the salts of users who do not exist are made from.
    private static let mockSecret = randomBytes(32)

    private let session: Session
    private let gate: Gate
    private let connection: PostgresClientConnection

    init(_ session: Session, _ gate: Gate, _ connection: PostgresClientConnection) {
        self.session = session
        self.gate = gate
        self.connection = connection
    }

    func run(_ startup: PostgresStartup, _ parameters: PostgresStartupParameters) async throws -> PostgresOpened {
        let start = session.worker.now
        let (user, database) = try check(startup)
        if startup.minor > 2 || !parameters.protocolOptions.isEmpty {
            connection.out.negotiateProtocolVersion(
                0x3_0000 | UInt32(min(2, startup.minor)), unknown: parameters.protocolOptions)
        }
        try await authenticate(user)
        var settings = PostgresSettings(
            user: user, database: database, backend: gate.backend.name,
            honoursSearchPath: gate.service.sql?.honoursSearchPath ?? false, gate.manifest)
        for (name, value) in parameters.settings {
            do throws(PostgresReport) {
                try settings.set(name, value, atStart: true)
            } catch {
                throw fatal(error.state, error.message)
            }
        }
        // The backend and the client are told of all of them anyway.
        _ = settings.takeChanges()
        // A secret of protocol 3.0 has four bytes; later clients read any length.
        let running = PostgresRunningSessions.shared.add(
            user: user, database: database, backend: gate.backend.name, peer: session.peer, waker: session.waker,
            secretLength: startup.minor >= 2 ? 32 : 4)
        let key = running.key
        let shared = PostgresSharedSettings(settings)
        let objects = PostgresSessionObjects()
        let outbox = PostgresOutbox()
        let sql: any SQLSession
        do throws(PostgresReport) {
            sql = try await open(user, database, settings) { opening in
                opening.facts["pg_backend_pid"] = .integer(Int64(key.processID))
                opening.liveRelations = PostgresSessionRelations.all(running, shared, objects)
                opening.functions = PostgresSessionFunctions.all(
                    running, shared, gate.service.sql?.isOnlyDoor == true ? outbox : nil)
                opening.notice = { severity, state, message in shared.tell(severity, state, message) }
            }
        } catch {
            PostgresRunningSessions.shared.remove(running)
            throw error
        }
        running.opened(sql)
        connection.out.authentication(0)
        for (name, value) in settings.reported { connection.out.parameterStatus(name, value) }
        connection.out.backendKeyData(processID: key.processID, secret: key.secret)
        connection.out.readyForQuery(.idle)
        session.waker.setDeadline(after: nil)
        session.metrics.record(command: Int(PostgresCommand.startup.rawValue), nanoseconds: session.worker.now &- start)
        return PostgresOpened(
            sql: sql, running: running, settings: shared, objects: objects, outbox: outbox, user: user)
    }

    private func fatal(_ state: String, _ message: String) -> PostgresReport {
        PostgresReport(severity: "FATAL", state: state, message: message)
    }

    private func check(_ startup: PostgresStartup) throws(PostgresReport) -> (user: String, database: String) {
        guard startup.major == 3 else {
            throw fatal(
                "0A000", "unsupported frontend protocol \(startup.major).\(startup.minor): server supports 3.0 to 3.2")
        }
        guard startup.replication == .none else {
            throw fatal("0A000", gate.refusal(.sqlQuery, "there is no replication here"))
        }
        guard let user = startup.user else {
            throw fatal("28000", "no PostgreSQL user name specified in startup packet")
        }
        guard startup.isValidText else { throw fatal("22021", "invalid byte sequence for encoding \"UTF8\"") }
        return (user, startup.database ?? user)
    }

    private func open(
        _ user: String, _ database: String, _ settings: PostgresSettings, _ add: (inout SQLSessionSettings) -> Void
    ) async throws(PostgresReport) -> any SQLSession {
        do throws(Failure) {
            try gate.check(CapabilitySet(.sqlQuery))
        } catch {
            throw fatal("0A000", gate.refusal(.sqlQuery, gate.manifest[.sqlQuery].note))
        }
        guard let service = gate.service.sql else {
            throw fatal("0A000", gate.refusal(.sqlQuery, "this adapter has no such family"))
        }
        var opening = SQLSessionSettings(database: database, user: user)
        opening.relations = [PostgresCapabilityRelation.relation(gate.manifest)]
        opening.facts = settings.facts
        add(&opening)
        do throws(SQLFailure) {
            let opened = try await service.open(opening)
            return service.namesRelations ? opened : PostgresOwnAnswers(opened, opening)
        } catch {
            throw fatal(error.state, error.message)
        }
    }

    // MARK: SCRAM

    /// Asks for the password of `user`, when the listener has any users.
    private func authenticate(_ user: String) async throws {
        let users = session.listener.configuration.users
        guard !users.isEmpty else { return }
        let password = users[user]
        // What the client's TLS has shown it: only one that talks to this very gateway can name it.
        let endPoint = session.client.serverEndPoint
        connection.out.saslMechanisms(
            endPoint == nil
                ? [PostgresSCRAM.mechanism] : [PostgresSCRAM.boundMechanism, PostgresSCRAM.mechanism])
        let first = try await credentials()
        guard let (mechanism, message) = PostgresSCRAM.initialResponse(first) else {
            throw fatal("08P01", "malformed SASL message")
        }
        let isBound = mechanism == PostgresSCRAM.boundMechanism
        guard isBound ? endPoint != nil : mechanism == PostgresSCRAM.mechanism else {
            throw fatal("08P01", "client selected an invalid SASL authentication mechanism")
        }
        guard let opening = PostgresSCRAM.ClientFirst(message) else { throw fatal("08P01", "malformed SCRAM message") }
        try checkBinding(opening, isBound: isBound, isOffered: endPoint != nil)
        let nonce = opening.nonce + base64(randomBytes(18))
        // A user who does not exist gets a salt that stays the same, and an exchange that cannot succeed.
        let salt = Array(hmacSHA256(key: Self.mockSecret, Array(user.utf8)).prefix(16))
        let serverFirst = PostgresSCRAM.serverFirst(nonce: nonce, salt: base64(salt), iterations: Self.iterations)
        connection.out.authentication(11, serverFirst)
        guard let last = PostgresSCRAM.ClientFinal(try await credentials()) else {
            throw fatal("08P01", "malformed SCRAM message")
        }
        guard last.nonce == nonce, last.binding == base64(opening.header + (isBound ? endPoint ?? [] : []))
        else {
            throw fatal("08P01", "malformed SCRAM message: nonce or channel binding does not match")
        }
        let words = opening.bare + [UInt8(ascii: ",")] + serverFirst + [UInt8(ascii: ",")] + last.withoutProof
        guard let signature = verify(last.proof, password, salt, words) else {
            throw fatal("28P01", "password authentication failed for user \"\(user)\"")
        }
        connection.out.authentication(12, Array("v=".utf8) + base64(signature))
    }

    /// Throws unless what the client says of channel binding goes with the mechanism that it chose.
    ///
    /// Source: RFC 5802, 6, and PostgreSQL's src/backend/libpq/auth-scram.c read_client_first_message.
    private func checkBinding(
        _ opening: PostgresSCRAM.ClientFirst, isBound: Bool, isOffered: Bool
    ) throws(PostgresReport) {
        let binds = opening.flag == UInt8(ascii: "p")
        guard binds == isBound else {
            throw fatal(
                "08P01", "malformed SCRAM message: the mechanism and what it says of channel binding do not go together"
            )
        }
        if binds, opening.binding != "tls-server-end-point" {
            throw fatal("08P01", "unsupported SCRAM channel-binding type \"\(opening.binding ?? "")\"")
        }
        // Somebody between the two has taken the offer away.
        if opening.flag == UInt8(ascii: "y"), isOffered {
            throw fatal(
                "28000",
                "SCRAM channel binding negotiation error: the client supports SCRAM channel binding but thinks the "
                    + "server does not. However, this server does support channel binding.")
        }
    }

    private func credentials() async throws -> [UInt8] {
        guard case .credentials(let range) = try await connection.next() else {
            throw fatal("08P01", "expected SASL response")
        }
        guard PostgresLimits.authenticationMessage.allows(range.count) else {
            throw fatal("08P01", "SASL message is too long")
        }
        return connection.array(range)
    }

    /// The server's signature when the proof is right (RFC 5802, 3); nil otherwise, after as much work.
    private func verify(_ proof: [UInt8], _ password: String?, _ salt: [UInt8], _ words: [UInt8]) -> [UInt8]? {
        let given = password.map { Array($0.utf8) } ?? Self.mockSecret
        let salted = pbkdf2SHA256(password: given, salt: salt, iterations: Self.iterations)
        let clientKey = hmacSHA256(key: salted, Array("Client Key".utf8))
        let storedKey = HashAlgorithm.sha256.hash(clientKey)
        let signature = hmacSHA256(key: storedKey, words)
        guard let bytes = bytesOfBase64(proof), bytes.count == signature.count else { return nil }
        let recovered = zip(bytes, signature).map { $0 ^ $1 }
        let isRight = equalInConstantTime(HashAlgorithm.sha256.hash(recovered), storedKey)
        guard isRight, password != nil else { return nil }
        return hmacSHA256(key: hmacSHA256(key: salted, Array("Server Key".utf8)), words)
    }
}

/// The relation that tells what the backend can do.
enum PostgresCapabilityRelation {
    /// `fairlead.capabilities`, a row for each capability of the vocabulary.
    static func relation(_ manifest: Manifest) -> SQLRelation {
        let columns = ["capability", "support", "bounds", "weakenings", "note"].map { SQLColumn($0, .text) }
        var values: [SQLValue] = []
        for capability in Capability.allCases {
            let entry = manifest[capability]
            let bounds = entry.bounds.map { "\($0.key.rawValue)=\($0.value)" }.sorted().joined(separator: " ")
            let weakenings = entry.weakenings.map(\.rawValue).sorted().joined(separator: " ")
            values += [capability.name, entry.support.rawValue, bounds, weakenings, entry.note].map { .text($0) }
        }
        return SQLRelation(SQLName("capabilities", schema: "fairlead"), columns: columns, values: values)
    }
}
