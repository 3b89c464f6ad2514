// CancelRequest: on a connection of its own, to the server that gave out the key, never answered.

import Gateway
import TestSupport
import Testing

@Suite("PostgreSQL cancellation through the gateway")
struct PostgresCancelTests {
    private static let sleep = PostgresBytes.query("select pg_sleep(60)")

    /// Sends a cancellation and checks that nothing comes back but the end.
    private static func cancel(_ port: Int, _ packet: [UInt8]) throws {
        let canceller = try PostgresConnection(port)
        try canceller.send(packet)
        #expect(try canceller.rest().isEmpty)
        #expect(!canceller.wasReset)
    }

    @Test(
        "a cancellation ends the statement of the session that owns the key",
        arguments: [(PostgresVersion.debian15, 0x3_0000, 4), (.protocol18, 0x3_0002, 32)])
    func ownKey(_ version: PostgresVersion, _ number: Int, _ keyLength: Int) async throws {
        try await PostgresServer.run(.init(version: version)) { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    let (processID, key) = try client.logIn(version: UInt32(number))
                    #expect(key.count == keyLength)
                    try client.send(Self.sleep)
                    try Self.cancelUntilEnded(client, gateway.port, processID, key)
                    // The session goes on.
                    try client.send(PostgresBytes.query("select 1"))
                    #expect(try client.messages().map(\.type) == ["T", "D", "C", "Z"])
                }
            }
        }
    }

    /// A cancellation that arrives before the statement has begun does nothing, so it is sent until one works.
    private static func cancelUntilEnded(
        _ client: PostgresConnection, _ port: Int, _ processID: [UInt8], _ key: [UInt8],
        behind encryption: [UInt8] = []
    ) throws {
        for _ in 0..<50 {
            let canceller = try PostgresConnection(port)
            if !encryption.isEmpty {
                try canceller.send(encryption)
                #expect(try canceller.bytes(1) == Array("N".utf8))
            }
            try canceller.send(PostgresBytes.cancel(processID, key))
            #expect(try canceller.rest().isEmpty)
            if client.hasInput(within: 200) { break }
        }
        let messages = try client.messages()
        #expect(messages.first { $0.type == "E" }?.fields["C"] == "57014")
        #expect(messages.last?.type == "Z")
    }

    @Test("a cancellation behind SSLRequest is carried out too")
    func behindEncryptionRequest() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    let (processID, key) = try client.logIn()
                    try client.send(Self.sleep)
                    try Self.cancelUntilEnded(
                        client, gateway.port, processID, key, behind: PostgresBytes.sslRequest)
                }
            }
        }
    }

    @Test("a cancellation through another listener reaches the key's own server")
    func otherListener() async throws {
        let other = try PostgresStandIn { connection, _ in _ = try connection.rest() }
        defer { other.stop() }
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port, other.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.ports[0])
                    let (processID, key) = try client.logIn()
                    try client.send(Self.sleep)
                    try Self.cancelUntilEnded(client, gateway.ports[1], processID, key)
                }
                #expect(other.connections == 0)
            }
        }
    }

    @Test("a key of 256 bytes and the client's own bytes reach the server, and the client waits for its close")
    func longestKey() async throws {
        let key = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let seen = PostgresTranscript()
        let backend = try PostgresStandIn { connection, number in
            if number == 0 {
                _ = try connection.packet()
                try connection.send(PostgresBytes.welcome(processID: 9, key: key))
                _ = try connection.rest()
            } else {
                seen.add(try connection.packet())
            }
        }
        defer { backend.stop() }
        try await PostgresGateway.run(to: backend.port) { gateway in
            try await onThread {
                let client = try PostgresConnection(gateway.port)
                let login = try client.logIn()
                #expect(login.key == key)
                try Self.cancel(gateway.port, PostgresBytes.cancel(login.processID, login.key))
                #expect(seen.bytes == PostgresBytes.cancel(PostgresBytes.number(9), key))
            }
        }
    }

    @Test("a key that no session owns any more goes to the listener's own backend")
    func forgottenKey() async throws {
        let first = try PostgresStandIn { connection in _ = try connection.rest() }
        let seen = PostgresTranscript()
        let second = try PostgresStandIn { connection, _ in seen.add(try connection.packet()) }
        defer {
            first.stop()
            second.stop()
        }
        try await PostgresGateway.run(to: first.port, second.port) { gateway in
            var client: PostgresConnection? = try PostgresConnection(gateway.ports[0])
            let login = try client?.logIn()
            let processID = login?.processID ?? []
            let key = login?.key ?? []
            #expect(key.count == 4)
            client = nil
            #expect(try await gateway.settles { $0.sessionsClosed == 1 })
            try await onThread {
                try Self.cancel(gateway.ports[1], PostgresBytes.cancel(processID, key))
                #expect(seen.bytes == PostgresBytes.cancel(processID, key))
            }
            #expect(first.connections == 1)
        }
    }

    @Test("psql's interrupt cancels, in the clear and over TLS", arguments: ["disable", "require"])
    func interrupt(_ mode: String) async throws {
        let certificates = try await Certificates.make()
        try await PostgresServer.run(.init(version: .direct17, certificates: certificates)) { server in
            try await PostgresGateway.run(
                to: server.port,
                settings: .init(tls: .terminating(certificates), backendTLS: .trusting(certificates))
            ) { gateway in
                let psql = try server.install.program("psql")
                // A statement of a millisecond would be over; one of a minute ends only by the interrupt.
                let result = try await Command.run(
                    ["timeout", "-s", "INT", "2", psql, "-X", "-c", "select pg_sleep(60)", "-c", "select 'after'"],
                    env: server.environment(port: gateway.port).merging(["PGSSLMODE": mode]) { $1 })
                #expect(result.errorText.contains("canceling statement due to user request"))
            }
        }
    }
}
