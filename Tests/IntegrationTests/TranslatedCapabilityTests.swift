// Every capability over the wire: served where the backend has it, refused by name where it has not.

import Capabilities
import Foundation
import TestSupport
import Testing

@Suite("Each capability is served, or refused by name", .serialized, .blocking)
struct TranslatedCapabilityTests {
    /// A gateway with two listeners for each probe: `with` and `without` the capability, each on a store of its own.
    private static func gateway(_ wire: String, _ probes: [CapabilityProbe]) throws -> (Fairlead, TemporaryFolder) {
        let folder = try TemporaryFolder()
        var listeners = ["admin: 127.0.0.1:0", "workers: 2", "listeners:"]
        var backends = ["backends:"]
        for probe in probes {
            for (side, refused) in [("with", probe.besides), ("without", probe.besides + [probe.capability])] {
                let name = "\(side)-\(probe.capability.name)"
                listeners += ["  \(name):", "    protocol: \(wire)", "    listen: 127.0.0.1:0", "    backend: \(name)"]
                backends += [
                    "  \(name):", "    adapter: embedded", "    options: { folder: \"\(folder.file(name))\" }",
                ]
                if !refused.isEmpty {
                    backends.append("    gaps: { \(refused.map { "\($0.name): refuse" }.joined(separator: ", ")) }")
                }
            }
        }
        return (try Fairlead(yaml: (listeners + backends).joined(separator: "\n") + "\n"), folder)
    }

    private static func refusal(_ probe: CapabilityProbe) -> String {
        "UNSUPPORTED \((probe.refusedAs ?? probe.capability).name): backend 'without-\(probe.capability.name)' (adapter embedded)"
    }

    @Test("every capability of the vocabulary is probed")
    func complete() {
        let probed = (CapabilityProbe.redis + CapabilityProbe.s3 + CapabilityProbe.sql).map(\.capability)
        // Parameters take a driver, and have a test of their own below.
        #expect(Set(Capability.allCases).subtracting(probed) == [.sqlParameters])
        #expect(Set(probed).count == probed.count)
    }

    @Test("through Redis")
    func redis() throws {
        let (gateway, folder) = try Self.gateway("redis", CapabilityProbe.redis)
        defer { folder.remove() }
        for probe in CapabilityProbe.redis {
            for side in ["with", "without"] {
                let client = try RawConnection(port: gateway.port("\(side)-\(probe.capability.name)"))
                for command in CapabilityProbe.redisSeed + probe.first {
                    try client.send(command + "\r\n")
                    _ = try ReplyTree(from: client)
                }
                try client.send(probe.request + "\r\n")
                let reply = try ReplyTree(from: client).text
                if side == "with" {
                    #expect(!reply.hasPrefix("-") && reply != "$-1", "\(probe.capability.name): \(reply)")
                } else {
                    #expect(reply.hasPrefix("-ERR " + Self.refusal(probe)), "\(probe.capability.name): \(reply)")
                }
            }
        }
    }

    @Test("through S3")
    func s3() throws {
        let (gateway, folder) = try Self.gateway("s3", CapabilityProbe.s3)
        defer { folder.remove() }
        for probe in CapabilityProbe.s3 {
            for side in ["with", "without"] {
                let client = try S3RawConnection(to: gateway.port("\(side)-\(probe.capability.name)"))
                func ask(_ request: String) throws -> S3RawMessage {
                    let line = request.components(separatedBy: "\r\n")[0]
                    // A line's end is one character.
                    try client.send("\(line) HTTP/1.1\r\nHost: s3\r\n" + request.dropFirst(line.count + 1))
                    return try client.response(to: String(line.prefix { $0 != " " }))
                }
                _ = try ask("PUT /bucket\r\nContent-Length: 0\r\n\r\n")
                _ = try ask("PUT /bucket/k\r\nContent-Length: 2\r\n\r\nxy")
                let answer = try ask(probe.request)
                let status = String(answer.head.dropFirst(9).prefix(3))
                if side == "with" {
                    #expect(status.hasPrefix("2"), "\(probe.capability.name): \(answer.head)")
                } else {
                    #expect(status == "501", "\(probe.capability.name): \(answer.head)")
                    let text = String(decoding: answer.body, as: UTF8.self).replacing("&apos;", with: "'")
                    if probe.capability != .objectHead { #expect(text.contains(Self.refusal(probe)), "\(text)") }
                }
            }
        }
    }

    @Test("through PostgreSQL")
    func sql() throws {
        let parameters = CapabilityProbe(capability: .sqlParameters, request: "")
        let (gateway, folder) = try Self.gateway("postgres", CapabilityProbe.sql + [parameters])
        defer { folder.remove() }
        func psql(_ side: String, _ probe: CapabilityProbe) throws -> CommandResult {
            try Command.runBlocking([
                "psql", "-X", "-h", "127.0.0.1", "-p", "\(gateway.port("\(side)-\(probe.capability.name)"))", "-U", "u",
                "-v", "VERBOSITY=verbose", "-v", "ON_ERROR_STOP=1", "-c", probe.request,
            ])
        }
        for probe in CapabilityProbe.sql {
            let served = try psql("with", probe)
            #expect(served.status == 0, "\(probe.capability.name): \(served.errorText)")
            let refused = try psql("without", probe)
            // What refuses the session itself comes without a code: psql prints none for that.
            let code = probe.capability == .sqlQuery ? "FATAL:  " : "0A000: "
            #expect(refused.errorText.contains(code + Self.refusal(probe)), "\(refused.errorText)")
        }
        // psql 15 sends no parameters.
        for side in ["with", "without"] {
            let program = """
                import psycopg, sys
                with psycopg.connect(f"host=127.0.0.1 port={sys.argv[1]} user=u dbname=d", autocommit=True) as c:
                    try:
                        print(c.execute("SELECT %s::int", (7,)).fetchone())
                    except psycopg.Error as error:
                        print(error.sqlstate, error)
                """
            let port = gateway.port("\(side)-\(parameters.capability.name)")
            let text = try Command.checkBlocking([try Tools.python, "-c", program, "\(port)"]).text
            if side == "with" {
                #expect(text == "(7,)\n")
            } else {
                #expect(text.contains("0A000 " + Self.refusal(parameters)), "\(text)")
            }
        }
    }
}
