// What a PostgreSQL client hears when something breaks: one error in its own protocol, or a cut that looks like one.

import Gateway
import Glibc
import TestSupport
import Testing

@Suite("PostgreSQL faults behind the gateway")
struct PostgresFaultTests {
    /// Logs in, sends `bytes` and gives what comes, and whether the end was a reset.
    private static func answer(
        _ port: Int, to bytes: [UInt8] = []
    ) async throws -> (messages: [PostgresMessage], wasReset: Bool) {
        try await onThread {
            let client = try PostgresConnection(port)
            try client.send(PostgresBytes.startup() + bytes)
            var messages: [PostgresMessage] = []
            while let message = try? client.message() { messages.append(message) }
            return (messages, client.wasReset)
        }
    }

    private static let row = PostgresBytes.message("D", [0, 1] + PostgresBytes.number(1) + [0x61])
    private static let query = PostgresBytes.query("select 1")

    @Test("a backend that refuses connections is named in a FATAL that psql shows")
    func unreachable() async throws {
        try await PostgresServer.run { server in
            let port = try FreePort.take()
            try await PostgresGateway.run(to: port) { gateway in
                let result = try await server.psql(gateway.port, ["-c", "select 1"])
                #expect(result.status == 2)
                #expect(result.errorText.contains("FATAL:  could not connect to backend \"db0\""))
                #expect(result.errorText.contains("127.0.0.1:\(port)"))
                #expect(result.errorText.contains("Connection refused"))
                let raw = try await Self.answer(gateway.port)
                #expect(raw.messages.map { $0.fields["C"] } == ["08001"])
                #expect(!raw.wasReset)
            }
        }
    }

    @Test("a backend that takes no connections in time is named")
    func connectTimeout() async throws {
        // A full backlog: the system lets further connections wait without an answer.
        let (descriptor, port) = try LoopbackListener.open(backlog: 0)
        defer { close(descriptor) }
        let fillers = try Self.fill(port)
        defer { fillers.forEach { close($0) } }
        try await PostgresGateway.run(
            to: port, settings: .init(connectTimeout: .milliseconds(300))
        ) { gateway in
            let raw = try await Self.answer(gateway.port)
            #expect(raw.messages.map { $0.fields["C"] } == ["08001"])
            #expect(raw.messages.first?.fields["M"] == "connecting to backend \"db0\" timed out")
            #expect(try await gateway.settles { $0.failures["backend-connect-timeout"] == 1 })
        }
    }

    private static func fill(_ port: Int) throws -> [Int32] {
        (0..<4).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var address = PostgresConnection.loopback(port)
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return descriptor
        }
    }

    @Test("a backend that never answers is given up after the response-timeout, in every phase")
    func silent() async throws {
        let beforeLogin = try PostgresStandIn { connection, _ in _ = try connection.rest() }
        let afterLogin = try PostgresStandIn { connection in _ = try connection.rest() }
        defer {
            beforeLogin.stop()
            afterLogin.stop()
        }
        for backend in [beforeLogin, afterLogin] {
            try await PostgresGateway.run(
                to: backend.port, settings: .init(responseTimeout: .milliseconds(300))
            ) { gateway in
                let raw = try await Self.answer(gateway.port, to: Self.query)
                let errors = raw.messages.filter { $0.type == "E" }
                #expect(errors.map { $0.fields["C"] } == ["08006"])
                #expect(errors.first?.fields["M"] == "backend \"db0\" did not answer in time")
                #expect(try await gateway.settles { $0.failures["backend-silent"] == 1 })
            }
        }
    }

    @Test("the response-timeout does not count while the client has to speak")
    func clientsTurn() async throws {
        let backend = try PostgresStandIn { connection, _ in
            _ = try connection.packet()
            try connection.send(PostgresBytes.message("R", PostgresBytes.number(3)))
            _ = try connection.message()
            try connection.send(PostgresBytes.welcome())
            _ = try connection.message()
            try connection.send(PostgresBytes.message("G", [0, 0, 0]))
            _ = try connection.rest()
        }
        defer { backend.stop() }
        try await PostgresGateway.run(
            to: backend.port,
            // Long for a backend that answers at once, however busy the machine is.
            settings: .init(idleTimeout: .seconds(3), responseTimeout: .milliseconds(500))
        ) { gateway in
            try await onThread {
                let client = try PostgresConnection(gateway.port)
                try client.send(PostgresBytes.startup())
                #expect(try client.message()?.type == "R")
                usleep(1_000_000)
                try client.send(PostgresBytes.message("p", PostgresBytes.text("secret")))
                #expect(try client.messages().last?.type == "Z")
                try client.send(PostgresBytes.query("copy t from stdin"))
                #expect(try client.message()?.type == "G")
                // Nobody speaks now, and it is the idle-timeout that ends it.
                #expect(try client.message()?.fields["C"] == "57P05")
            }
        }
    }

    @Test("a backend lost between messages: exactly one FATAL that names it")
    func lostAtBoundary() async throws {
        let cases: [[UInt8]] = [
            [], PostgresBytes.message("T", [0, 0]), PostgresBytes.message("T", [0, 0]) + Self.row,
        ]
        for sent in cases {
            let backend = try PostgresStandIn { connection in
                _ = try connection.message()
                try connection.send(sent)
            }
            defer { backend.stop() }
            try await PostgresGateway.run(to: backend.port) { gateway in
                let raw = try await Self.answer(gateway.port, to: Self.query)
                let errors = raw.messages.filter { $0.type == "E" }
                #expect(errors.map { $0.fields["C"] } == ["08006"])
                #expect(errors.first?.fields["V"] == "FATAL")
                #expect(errors.first?.fields["M"] == "connection to backend \"db0\" was lost")
                #expect(raw.messages.last?.type == "E")
                #expect(!raw.wasReset)
                #expect(try await gateway.settles { $0.failures["backend-lost"] == 1 })
            }
        }
    }

    @Test("a backend lost before its first word, and within the login")
    func lostInLogin() async throws {
        for sent in [[], PostgresBytes.message("R", PostgresBytes.number(3))] {
            let backend = try PostgresStandIn { connection, _ in
                _ = try connection.packet()
                try connection.send(sent)
            }
            defer { backend.stop() }
            try await PostgresGateway.run(to: backend.port) { gateway in
                let raw = try await Self.answer(gateway.port)
                #expect(raw.messages.last?.fields["C"] == "08006")
                #expect(raw.messages.count == (sent.isEmpty ? 1 : 2))
            }
        }
    }

    @Test("a backend lost within a message: the client's connection is reset, no word is put into the row")
    func lostWithinMessage() async throws {
        let backend = try PostgresStandIn { connection in
            _ = try connection.message()
            try connection.send(PostgresBytes.message("T", [0, 0]) + Self.row.dropLast(2))
        }
        defer { backend.stop() }
        try await PostgresGateway.run(to: backend.port) { gateway in
            let raw = try await Self.answer(gateway.port, to: Self.query)
            #expect(!raw.messages.contains { $0.type == "E" })
            #expect(raw.wasReset)
        }
    }

    @Test("a server's own FATAL and its close pass as they are, and nothing is added")
    func serverFatal() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    _ = try client.logIn()
                    try server.sqlBlocking(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where backend_type = 'client backend' and pid <> pg_backend_pid()
                        """)
                    #expect(try client.message()?.fields["C"] == "57P01")
                    #expect(try client.rest().isEmpty)
                    #expect(!client.wasReset)
                }
                #expect(try await gateway.settles { $0.sessionsClosed == 1 })
                #expect(await gateway.snapshot().failures.isEmpty)
            }
        }
    }

    @Test("a server process killed in the middle of a statement")
    func killed() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                let client = try PostgresConnection(gateway.port)
                _ = try client.logIn()
                try client.send(PostgresBytes.query("select pg_backend_pid()"))
                let row = try client.messages().first { $0.type == "D" }?.body.dropFirst(6) ?? []
                let pid = try #require(pid_t(String(decoding: row, as: UTF8.self)))
                try client.send(PostgresBytes.query("select pg_sleep(60)"))
                kill(pid, SIGKILL)
                try await onThread {
                    let message = try client.message()
                    #expect(message?.fields["C"] == "08006")
                    #expect(message?.fields["D"]?.contains("db0") == true)
                    #expect(try client.rest().isEmpty)
                }
            }
        }
    }

    @Test("an idle session hears 57P05 and a stopping gateway says 57P01")
    func idleAndStop() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(idleTimeout: .milliseconds(300))
            ) { gateway in
                let raw = try await Self.answer(gateway.port)
                #expect(raw.messages.filter { $0.type == "E" }.map { $0.fields["C"] } == ["57P05"])
                #expect(!raw.wasReset)
            }
            let (client, port) = try await PostgresGateway.run(to: server.port) { gateway in
                let client = try PostgresConnection(gateway.port)
                _ = try client.logIn()
                return (client, gateway.port)
            }
            try await onThread { () throws in
                #expect(try client.message()?.fields["C"] == "57P01")
                #expect(try client.rest().isEmpty)
            }
            #expect(!FreePort.answers(port))
        }
    }

    @Test("a full listener says 53300 after the startup packet, and still cancels")
    func tooMany() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(connections: 1)
            ) { gateway in
                let client = try PostgresConnection(gateway.port)
                let (processID, key) = try client.logIn()
                let refused = try await server.psql(gateway.port, ["-c", "select 1"])
                #expect(refused.errorText.contains("FATAL:  sorry, too many clients already"))
                try await onThread {
                    let second = try PostgresConnection(gateway.port)
                    try second.send(PostgresBytes.gssRequest)
                    #expect(try second.bytes(1) == Array("N".utf8))
                    try second.send(PostgresBytes.sslRequest)
                    #expect(try second.bytes(1) == Array("N".utf8))
                    try second.send(PostgresBytes.startup())
                    #expect(try second.message()?.fields["C"] == "53300")
                    #expect(try second.rest().isEmpty)
                    try client.send(PostgresBytes.query("select pg_sleep(60)"))
                    repeat {
                        let canceller = try PostgresConnection(gateway.port)
                        try canceller.send(PostgresBytes.cancel(processID, key))
                        #expect(try canceller.rest().isEmpty)
                    } while !client.hasInput(within: 200)
                    #expect(try client.messages().contains { $0.fields["C"] == "57014" })
                }
            }
        }
    }

    @Test("a client that goes away within a statement takes its server process with it")
    func clientGone() async throws {
        try await PostgresServer.run(.init(settings: ["client_connection_check_interval = '50ms'"])) { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                var client: PostgresConnection? = try PostgresConnection(gateway.port)
                _ = try client?.logIn()
                try client?.send(PostgresBytes.query("select pg_sleep(600)"))
                let count = "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'"
                while try await server.sql(count) != "1\n" { try await Task.sleep(for: .milliseconds(20)) }
                client = nil
                var left = "1\n"
                for _ in 0..<500 where left != "0\n" {
                    try await Task.sleep(for: .milliseconds(20))
                    left = try await server.sql(count)
                }
                #expect(left == "0\n")
                #expect(try await gateway.settles { $0.sessionsClosed == 1 })
            }
        }
    }

    @Test("thousands of connections leave nothing behind")
    func leaks() async throws {
        try await PostgresServer.run { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    for round in 0..<2000 {
                        let client = try PostgresConnection(gateway.port)
                        switch round % 10 {
                        case 0: _ = try client.logIn()
                        case 1: try client.send(PostgresBytes.startup())
                        case 2: try client.send(Array(PostgresBytes.startup().prefix(9)))
                        case 3: try client.send(PostgresBytes.cancel([0, 0, 0, 1], [1, 2, 3, 4]))
                        case 4:
                            try client.send(PostgresBytes.startup() + PostgresBytes.query("select 1"))
                            _ = try client.message()
                        default: break
                        }
                    }
                }
                #expect(try await gateway.settles { $0.sessionsOpened == 2000 && $0.sessionsClosed == 2000 })
                #expect(try await gateway.workersSettle { $0.allSatisfy { $0.sessionTasks == 0 } })
                #expect(await gateway.gateway.snapshots().reduce(0) { $0 + $1.sessionTasksStarted } == 2000)
                #expect(await gateway.openSockets == 0)
                #expect(await gateway.gateway.snapshots().allSatisfy { $0.chunksLent == 0 })
            }
        }
    }
}
