// The program as its operator meets it: the command line, the admin listener and the log.

import Foundation
import TestSupport
import Testing

@Suite("the command line", .serialized, .blocking)
struct OperationCommandLineTests {
    private static func run(_ arguments: String...) throws -> CommandResult {
        try Command.runBlocking([try Tools.fairlead] + arguments)
    }

    @Test("--version and --help go to standard output and exit with 0")
    func informs() throws {
        let version = try Self.run("--version")
        #expect(version.status == 0)
        #expect(version.text.split(separator: ".").count == 3)
        for arguments in [["--help"], ["serve", "--help"], ["check", "--help"]] {
            let help = try Command.runBlocking([try Tools.fairlead] + arguments)
            #expect(help.status == 0)
            #expect(help.text.contains("EXAMPLES"))
            #expect(help.errors.isEmpty)
        }
    }

    @Test("wrong usage exits with 2 and says what is wrong")
    func usage() throws {
        #expect(try Self.run("check").status == 2)
        #expect(try Self.run("check").errorText.contains("Nothing to check"))
        #expect(try Self.run("serve", "--data", "x", "--redis", "0=embedded:y").status == 2)
        #expect(try Self.run("serve", "--nope").errorText.contains("--nope"))
        #expect(try Self.run("serve", "--nope").status == 2)
        #expect(try Self.run("frobnicate").status == 2)
        #expect(try Self.run("serve", "--redis", "6380=ftp://x").status == 2)
    }

    @Test("check names every problem with its line and key, and exits with 1")
    func check() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "bad.yaml",
            """
            workers: 0
            listeners:
              cache:
                protocol: redis
                listen: 127.0.0.1:6380
                bakend: cache
            backends:
              cache:
                url: redis://user:hunter2@127.0.0.1
            """)
        let result = try Self.run("check", path)
        #expect(result.status == 1)
        #expect(result.errorText.contains("\(path):1:"))
        #expect(result.errorText.contains("workers"))
        #expect(result.errorText.contains("\(path):6:"))
        #expect(result.errorText.contains("bakend"))
        #expect(result.errorText.contains("\(path):9:"))
        #expect(!result.errorText.contains("hunter2"))
        #expect(try Self.run("check", folder.file("none.yaml")).status == 1)
    }

    @Test("check of a good configuration prints OK and its listeners, and starts nothing")
    func checkGood() throws {
        let result = try Self.run("check", "--redis", "6380=redis://127.0.0.1:6379")
        #expect(result.status == 0)
        #expect(result.text.hasPrefix("OK\n"))
        #expect(result.text.contains("redis: redis on 127.0.0.1:6380 -> redis (redis://127.0.0.1:6379)"))
    }

    @Test("an address that is taken is named, and the exit code is 1")
    func taken() throws {
        let standIn = try StandIn()
        let result = try Self.run("serve", "--redis", "127.0.0.1:\(standIn.port)=redis://127.0.0.1:1")
        #expect(result.status == 1)
        #expect(result.errorText.contains("127.0.0.1:\(standIn.port)"))
        #expect(result.errorText.contains("Address already in use"))
        #expect(result.output.isEmpty)
    }

    @Test("an address that another gateway has is taken, too; and what is wrong with others is said")
    func takenByGateway() throws {
        let first = try Fairlead(["--redis", "127.0.0.1:0=redis://127.0.0.1:1", "--admin", "127.0.0.1:0"])
        for (address, cause, advice) in [
            ("127.0.0.1:\(first.port("redis"))", "Address already in use", "another process, or another listener"),
            ("192.0.2.1:16380", "Cannot assign requested address", "this machine has no such address"),
            ("unix:/nowhere/at/all.sock", "No such file or directory", "the folder of the Unix socket does not exist"),
        ] {
            let result = try Self.run("serve", "--redis", "\(address)=redis://127.0.0.1:1")
            #expect(result.status == 1)
            #expect(result.errorText.contains(cause) && result.errorText.contains(advice), "\(result.errorText)")
        }
    }

    @Test("a start prints where each listener listens, what it speaks and where it leads")
    func startupLines() throws {
        let server = try RedisServer()
        let gateway = try Fairlead([
            "--redis", "127.0.0.1:0=redis://127.0.0.1:\(server.port)", "--postgres",
            "127.0.0.1:0=postgres://127.0.0.1:1", "--s3", "127.0.0.1:0=http://127.0.0.1:2", "--admin", "127.0.0.1:0",
            "--workers", "2",
        ])
        for (name, url) in [
            ("redis", "redis://127.0.0.1:\(server.port)"), ("postgres", "postgres://127.0.0.1:1"),
            ("s3", "http://127.0.0.1:2"),
        ] {
            let address = try #require(gateway.addresses[name])
            #expect(gateway.port(name) > 0)
            #expect(gateway.log.contains("\(name): \(name) on \(address) -> \(name) (\(url))\n"))
        }
        #expect(try gateway.connect().ask("PING") == "+PONG\r\n")
    }
}

@Suite("the admin listener", .serialized, .blocking)
struct OperationAdminTests {
    @Test("metrics tell exactly what passed")
    func metrics() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let client = try gateway.connect()
        var sent = 0
        var received = 0
        for words in [["SET", "a", "1"], ["GET", "a"], ["GET", "b"], ["LPUSH", "a", "x"], ["NOPE"], ["PING"]] {
            let bytes = RawConnection.command(words)
            try client.send(bytes)
            sent += bytes.count
            received += try client.reply().utf8.count
        }
        let metrics = try gateway.metrics()
        let labels = ["listener=\"redis\"", "protocol=\"redis\"", "backend=\"cache\""]
        for label in labels { #expect(metrics.sum("fairlead_sessions_total", label) == 1) }
        #expect(metrics.sum("fairlead_sessions_active") == 1)
        #expect(metrics.sum("fairlead_session_tasks") == 1)
        #expect(metrics.sum("fairlead_upstreams_opened_total") == 1)
        #expect(metrics.sum("fairlead_bytes_total", "from=\"client\"") == sent)
        #expect(metrics.sum("fairlead_bytes_total", "from=\"backend\"") == received)
        #expect(metrics.sum("fairlead_commands_total", "command=\"get\"") == 2)
        #expect(metrics.sum("fairlead_commands_total", "command=\"set\"") == 1)
        #expect(metrics.sum("fairlead_commands_total") == 6)
        #expect(metrics.sum("fairlead_command_failures_total") == 2)
        #expect(metrics.sum("fairlead_command_codes_total", "command=\"lpush\"", "code=\"WRONGTYPE\"") == 1)
        #expect(metrics.sum("fairlead_command_codes_total", "code=\"ERR\"") == 1)
        #expect(metrics.sum("fairlead_command_duration_seconds_count", "command=\"get\"") == 2)
        #expect(metrics.sum("fairlead_command_duration_seconds_bucket", "command=\"get\"", "le=\"+Inf\"") == 2)
        client.close()
        try gateway.settles("the session's end") { $0.isEmpty }
    }

    @Test("every line of the page is a comment or a sample of a family that was announced")
    func page() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let client = try gateway.connect()
        try client.ask("PING")
        let text = try gateway.metrics().text
        var families: Set<Substring> = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                #expect(families.insert(line.split(separator: " ")[2]).inserted, "\(line)")
            } else if !line.hasPrefix("# HELP ") {
                let sample = try #require(line.wholeMatch(of: /([a-z0-9_]+)(\{[^{}]*\})? ([0-9.e+-]+)/), "\(line)")
                let name = sample.output.1.replacing(/_(bucket|sum|count)$/, with: "")
                #expect(families.contains(sample.output.1) || families.contains(name[...]), "\(line)")
            }
        }
        #expect(families.count > 10)
        #expect(text.hasSuffix("\n"))
    }

    @Test("requests of a session make no enqueue from another thread")
    func foreignEnqueues() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let client = try gateway.connect()
        for _ in 0..<10 { try client.ask("PING") }
        // Looking itself costs something; twice the same look tells how much.
        let name = "fairlead_worker_foreign_enqueues_total"
        _ = try gateway.metrics()
        let first = try gateway.metrics().sum(name)
        let second = try gateway.metrics().sum(name)
        for _ in 0..<2000 { try client.ask("PING") }
        let third = try gateway.metrics().sum(name)
        #expect(third - second <= second - first + 2)
        #expect(try gateway.metrics().sum("fairlead_commands_total", "command=\"ping\"") == 2010)
    }

    @Test("healthz, readyz and config answer; the configuration runs again and shows no secret")
    func pages() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, listener: ["idle-timeout: 90s"])
        #expect(try gateway.get("/healthz").status == 200)
        #expect(try gateway.get("/readyz").status == 200)
        #expect(try gateway.get("/nope").status == 404)
        let text = try gateway.get("/config").body
        #expect(text.contains("redis://127.0.0.1:\(server.port)"))
        #expect(text.contains("90s") || text.contains("1m30s"))
        let folder = try TemporaryFolder()
        let check = try Command.runBlocking([try Tools.fairlead, "check", try folder.write("again.yaml", text)])
        #expect(check.status == 0, "\(check.errorText)")
    }

    @Test("the configuration shows where a key is, and nothing of the key")
    func configHasNoKey() throws {
        let certificates = try Certificates()
        let server = try RedisServer()
        let gateway = try Fairlead(
            to: server,
            listener: ["tls:", "  certificate: \(certificates.serverCertificate)", "  key: \(certificates.serverKey)"])
        let text = try gateway.get("/config").body
        let key = try String(contentsOfFile: certificates.serverKey, encoding: .utf8)
        for line in key.split(separator: "\n") { #expect(!text.contains(line)) }
    }
}

@Suite("the log", .serialized, .blocking)
struct OperationLogTests {
    @Test("lines are JSON where standard error is no terminal, and a session has an id in all of its lines")
    func json() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, top: ["log:", "  level: debug"])
        let client = try gateway.connect()
        #expect(try client.ask("PING") == "+PONG\r\n")
        client.close()
        try eventually("the last line of the session") { gateway.log.contains("session closed") }
        var ids: [String: [String]] = [:]
        for line in gateway.log.split(separator: "\n") where line.hasPrefix("{") {
            let fields = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            #expect(fields["time"] is String && fields["level"] is String)
            if let id = fields["session"] as? String { ids[id, default: []].append(fields["message"] as? String ?? "") }
        }
        #expect(ids.values.contains { $0.contains("session opened") && $0.contains("session closed") })
        #expect(ids.keys.allSatisfy { $0.hasPrefix("redis-") })
    }

    @Test("lines are text on a terminal")
    func terminal() throws {
        let folder = try TemporaryFolder()
        let log = folder.file("log")
        let backend = try FreePort.take()
        let command = """
            \(try Tools.fairlead) serve --redis 127.0.0.1:0=redis://127.0.0.1:\(backend) --admin 127.0.0.1:0
            """
        // script gives its child a terminal, and ends it with the terminal's end.
        let process = try ServerProcess("script", ["script", "-qefc", command, "/dev/null"], log: log)
        let text = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        try process.waitUntil("the start") { text().contains("admin: http on ") }
        let line = try #require(text().firstMatch(of: /redis on 127\.0\.0\.1:(\d+)/))
        let client = try RawConnection(port: Int(line.output.1) ?? 0)
        try client.send("PING\r\n")
        _ = try client.rest()
        try process.waitUntil("the line of the failure") { text().contains("cause=backend-unreachable") }
        let written = try #require(text().split(whereSeparator: \.isNewline).last { $0.contains("cannot be reached") })
        #expect(!written.contains("{"))
        #expect(written.lowercased().contains("warning"))
        #expect(written.contains("session=redis-"))
        process.kill()
    }

    @Test("a password and a value appear in no line, whatever goes wrong")
    func secrets() throws {
        let server = try RedisServer(.init(password: "hunter2"))
        let gateway = try Fairlead(to: server, top: ["log:", "  level: trace"])
        let client = try gateway.connect()
        #expect(try client.ask("AUTH", "wrong-hunter3").hasPrefix("-WRONGPASS"))
        #expect(try client.ask("AUTH", "hunter2") == "+OK\r\n")
        #expect(try client.ask("HELLO", "3", "AUTH", "default", "hunter2").contains("server"))
        #expect(try client.ask("SET", "secret-key", "secret-value") == "+OK\r\n")
        try client.send("*1\r\nhunter2 secret-value\r\n")
        _ = try client.rest()
        client.close()
        let other = try gateway.connect()
        try other.send("AUTH hunter2\r\nBLPOP secret-key2 0\r\n")
        #expect(try other.reply() == "+OK\r\n")
        server.process.kill()
        _ = try other.rest()
        other.close()
        try eventually("the end of both sessions") {
            gateway.log.split(separator: "\n").count { $0.contains("session closed") } == 2
        }
        let texts = [gateway.log, try gateway.metrics().text]
        for text in texts {
            for secret in ["hunter2", "hunter3", "secret-value", "secret-key"] { #expect(!text.contains(secret)) }
        }
    }
}
