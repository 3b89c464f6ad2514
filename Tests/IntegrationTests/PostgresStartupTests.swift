// The first packets of a PostgreSQL connection, byte by byte where psql would never send them.

import TestSupport
import Testing

@Suite("PostgreSQL startup through the gateway")
struct PostgresStartupTests {
    @Test("a startup that drips in byte by byte is served")
    func drip() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    try client.drip(PostgresBytes.gssRequest)
                    #expect(try client.bytes(1) == Array("N".utf8))
                    try client.drip(PostgresBytes.sslRequest)
                    #expect(try client.bytes(1) == Array("N".utf8))
                    try client.drip(PostgresBytes.startup() + PostgresBytes.query("select 1") + PostgresBytes.terminate)
                    #expect(try client.messages().last?.type == "Z")
                    #expect(try client.messages().map(\.type) == ["T", "D", "C", "Z"])
                    #expect(try client.rest().isEmpty)
                    #expect(!client.wasReset)
                }
            }
        }
    }

    @Test(
        "encryption is refused with N in either order where the listener has no TLS",
        arguments: [
            [PostgresBytes.sslRequest, PostgresBytes.gssRequest], [PostgresBytes.gssRequest, PostgresBytes.sslRequest],
        ])
    func negotiation(_ requests: [[UInt8]]) async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    for request in requests {
                        try client.send(request)
                        #expect(try client.bytes(1) == Array("N".utf8))
                    }
                    #expect(try client.logIn().key.count == 4)
                }
            }
        }
    }

    @Test("a second request of the same kind is refused, and nothing reaches the backend")
    func repeated() async throws {
        let backend = try PostgresStandIn { connection, _ in _ = try connection.rest() }
        defer { backend.stop() }
        try await PostgresGateway.run(to: backend.port) { gateway in
            try await onThread {
                let client = try PostgresConnection(gateway.port)
                try client.send(PostgresBytes.sslRequest)
                #expect(try client.bytes(1) == Array("N".utf8))
                try client.send(PostgresBytes.sslRequest)
                #expect(try client.message()?.fields["C"] == "08P01")
                #expect(try client.rest().isEmpty)
            }
            #expect(backend.connections == 0)
        }
    }

    @Test(
        "bytes in the clear behind an encryption request are refused",
        arguments: [PostgresBytes.sslRequest, PostgresBytes.gssRequest])
    func injection(_ request: [UInt8]) async throws {
        let backend = try PostgresStandIn { connection, _ in _ = try connection.rest() }
        defer { backend.stop() }
        let certificates = try await Certificates.make()
        let policies: [PostgresGateway.Settings] = [
            .init(), .init(tls: .passthrough(required: false)),
            .init(tls: .terminating(certificates)),
        ]
        for policy in policies {
            try await PostgresGateway.run(to: backend.port, settings: policy) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    try client.send(request + PostgresBytes.startup())
                    #expect(try client.message()?.fields["C"] == "08P01")
                    #expect(try client.rest().isEmpty)
                }
                #expect(try await gateway.settles { $0.failures["client-protocol"] == 1 })
            }
        }
        #expect(backend.connections == 0)
    }

    @Test("what is no startup packet is closed without a word, as a server does it")
    func garbage() async throws {
        let backend = try PostgresStandIn { connection, _ in _ = try connection.rest() }
        defer { backend.stop() }
        try await PostgresGateway.run(to: backend.port) { gateway in
            for packet in [
                Array("GET / HTTP/1.1\r\n\r\n".utf8), PostgresBytes.number(10_005) + PostgresBytes.number(0x3_0000),
                PostgresBytes.number(7), PostgresBytes.cancel([0, 0, 0, 1], [1, 2, 3]), [0x16, 3, 1, 0, 5],
            ] {
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    try client.send(packet)
                    #expect(try client.rest().isEmpty)
                }
            }
            let client = try PostgresConnection(gateway.port)
            try client.send(PostgresBytes.number(14) + PostgresBytes.number(0x3_0000) + Array("users\0".utf8))
            #expect(try client.message()?.fields["C"] == "08P01")
            #expect(try await gateway.settles { $0.failures["client-protocol"] == 6 })
            #expect(backend.connections == 0)
        }
    }

    @Test("a startup packet of the largest size is passed whole")
    func largest() async throws {
        let backend = try PostgresStandIn { connection, _ in
            let packet = try connection.packet()
            try connection.send(PostgresBytes.message("N", PostgresBytes.number(packet.count)))
        }
        defer { backend.stop() }
        try await PostgresGateway.run(to: backend.port) { gateway in
            try await onThread {
                let fill = 10_004 - PostgresBytes.startup(["user", "u", "options", ""]).count
                let packet = PostgresBytes.startup(["user", "u", "options", String(repeating: "x", count: fill)])
                let client = try PostgresConnection(gateway.port)
                try client.send(packet)
                #expect(try client.message()?.body == PostgresBytes.number(10_004))
            }
        }
    }

    @Test("a connection that closes at once is a health probe: no failure, no upstream")
    func probe() async throws {
        let backend = try PostgresStandIn { connection, _ in _ = try connection.rest() }
        defer { backend.stop() }
        try await PostgresGateway.run(to: backend.port) { gateway in
            for _ in 0..<10 { _ = try PostgresConnection(gateway.port) }
            let client = try PostgresConnection(gateway.port)
            try client.send(PostgresBytes.sslRequest)
            #expect(try client.bytes(1) == Array("N".utf8))
            client.finish()
            #expect(try client.rest().isEmpty)
            #expect(try await gateway.settles { $0.sessionsClosed == 11 })
            let counts = await gateway.snapshot()
            #expect(counts.failures.isEmpty)
            #expect(counts.upstreamsOpened == 0)
            #expect(backend.connections == 0)
        }
    }

    @Test("a client that never finishes its startup is told so and closed")
    func handshakeTimeout() async throws {
        let backend = try PostgresStandIn { connection, _ in _ = try connection.rest() }
        defer { backend.stop() }
        try await PostgresGateway.run(
            to: backend.port, settings: .init(handshakeTimeout: .milliseconds(200))
        ) { gateway in
            try await onThread {
                let client = try PostgresConnection(gateway.port)
                try client.send(Array(PostgresBytes.startup().prefix(20)))
                #expect(try client.message()?.fields["C"] == "08006")
                #expect(try client.rest().isEmpty)
            }
            #expect(try await gateway.settles { $0.failures["handshake-timeout"] == 1 })
            #expect(backend.connections == 0)
        }
    }

    @Test("what is sent right behind the startup packet reaches the backend")
    func pipelinedStartup() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    try client.send(
                        PostgresBytes.startup() + PostgresBytes.query("select 'early'") + PostgresBytes.terminate)
                    #expect(try client.messages().last?.type == "Z")
                    #expect(try client.messages().map(\.type) == ["T", "D", "C", "Z"])
                    #expect(try client.rest().isEmpty)
                }
                #expect(try await gateway.settles { $0.commands[PostgresNames.all["select"] ?? 0].latency.count == 1 })
            }
        }
    }

    @Test("a client that closes its own direction still gets every answer")
    func halfClose() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    _ = try client.logIn()
                    try client.send(PostgresBytes.query("select pg_sleep(0.2); select generate_series(1, 3)"))
                    client.finish()
                    #expect(try client.messages().map(\.type) == ["T", "D", "C", "T", "D", "D", "D", "C", "Z"])
                    #expect(try client.rest().isEmpty)
                    #expect(!client.wasReset)
                }
                #expect(try await gateway.settles { $0.sessionsClosed == 1 })
                #expect(await gateway.snapshot().failures.isEmpty)
            }
        }
    }

    @Test("Unix sockets on both sides, where TLS neither is nor has to be")
    func unixSockets() async throws {
        let certificates = try await Certificates.make()
        let folder = try TemporaryFolder()
        try await PostgresServer.run { server in
            let settings = PostgresGateway.Settings(
                tls: .terminating(certificates, required: true), socket: folder.file(".s.PGSQL.5999"),
                backendSocket: "\(server.socketFolder)/.s.PGSQL.\(server.port)")
            try await PostgresGateway.run(to: server.port, settings: settings) { _ in
                let result = try await server.psql(
                    5999, ["-A", "-t", "-c", "select inet_client_addr() is null"], env: ["PGHOST": folder.path])
                #expect(result.errorText.isEmpty)
                #expect(result.text == "t\n")
            }
        }
    }

    @Test("protocol 3.2 with its long key works with a server that speaks it")
    func protocol32() async throws {
        try await PostgresServer.run(.init(version: .protocol18)) { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let client = try PostgresConnection(gateway.port)
                #expect(try client.logIn(version: 0x3_0002).key.count == 32)
                for version in ["3.0", "3.2", "latest"] {
                    let env = ["PGMINPROTOCOLVERSION": version, "PGMAXPROTOCOLVERSION": version]
                    let direct = try await server.psql(server.port, ["-c", "select 1", "-c", "\\conninfo"], env: env)
                    let through = try await server.psql(gateway.port, ["-c", "select 1", "-c", "\\conninfo"], env: env)
                    #expect(direct.status == 0)
                    #expect(through.status == 0)
                    let lines = { (text: String) in text.split(separator: "\n").filter { !$0.contains(/P(ort|ID)/) } }
                    #expect(lines(through.text) == lines(direct.text))
                }
            }
        }
    }

    @Test("an older server negotiates the version down through the gateway")
    func negotiatedVersion() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let client = try PostgresConnection(gateway.port)
                try client.send(
                    PostgresBytes.startup(
                        version: 0x3_0002, ["user", "postgres", "database", "postgres", "_pq_.nosuch", "1"]))
                let first = try client.message()
                #expect(first?.type == "v")
                #expect(
                    first?.body == PostgresBytes.number(0x3_0000) + PostgresBytes.number(1)
                        + PostgresBytes.text("_pq_.nosuch"))
                #expect(try client.messages().last?.type == "Z")
                let lost = await gateway.snapshot().framingLost
                #expect(lost.isEmpty)
            }
        }
    }
}
