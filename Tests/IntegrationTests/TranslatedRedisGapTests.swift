// What clients get where a backend lacks something: within transactions, ignored and counted, done in part, and told.

import Capabilities
import Foundation
import TestSupport
import Testing

@Suite("Gaps of private backends, as Redis clients see them", .serialized, .blocking)
struct TranslatedRedisGapTests {
    private func with(
        _ gateway: TransactionalGateway, _ body: (RawConnection) async throws -> Void
    ) async throws {
        let client = try RawConnection(port: gateway.port)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        client.close()
        await gateway.stop()
        try result.get()
    }

    @Test("MULTI refuses what the gateway emulates, and never gives what is stored beside a value")
    func emulatedInMulti() async throws {
        let gateway = try await TransactionalGateway(gaps: [.keyValueTTL: .emulate])
        try await with(gateway) { client async throws in
            #expect(try client.ask("SET", "k", "v", "EX", "100") == "+OK\r\n")
            for words in [["GET", "k"], ["SET", "k2", "v", "EX", "5"], ["SET", "k2", "v"], ["EXISTS", "k"]] {
                #expect(try client.ask("MULTI") == "+OK\r\n")
                try client.send(RawConnection.command(words))
                #expect(
                    try client.reply().hasPrefix(
                        "-ERR UNSUPPORTED kv.ttl: backend 'house' (adapter transactional) cannot do this: in a transaction"
                    ),
                    "\(words)")
                #expect(try client.ask("EXEC").hasPrefix("-EXECABORT"))
            }
            #expect(try client.ask("GET", "k") == "$1\r\nv\r\n")
            #expect(try client.ask("EXISTS", "k2") == ":0\r\n")
            let info = try client.ask("INFO", "fairlead")
            #expect(info.contains("fairlead_kv.transaction.weakenings:partial\r\n"))
        }
    }

    @Test("without expiry beside values MULTI refuses only what takes the emulation")
    func directInMulti() async throws {
        let gateway = try await TransactionalGateway(gaps: [:])
        try await with(gateway) { client async throws in
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("SET", "k", "1") == "+QUEUED\r\n")
            #expect(try client.ask("GET", "k") == "+QUEUED\r\n")
            #expect(try client.ask("EXEC") == "*2\r\n+OK\r\n$1\r\n1\r\n")
            #expect(try client.ask("INCR", "k") == ":2\r\n")
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("INCR", "k").hasPrefix("-ERR UNSUPPORTED kv.increment: backend 'house'"))
            #expect(try client.ask("EXEC").hasPrefix("-EXECABORT"))
            #expect(try client.ask("GET", "k") == "$1\r\n2\r\n")
        }
    }

    @Test("what is ignored is left out and counted, between MULTI and EXEC as elsewhere")
    func ignoredInMulti() async throws {
        let gateway = try await TransactionalGateway(ignored: [.keyValueTTL], gaps: [.keyValueTTL: .ignore])
        try await with(gateway) { client async throws in
            func counted() async -> Int {
                await gateway.metrics().sum("fairlead_ignored_total", "backend=\"house\"", "capability=\"kv.ttl\"")
            }
            #expect(try client.ask("SET", "k", "v", "EX", "5") == "+OK\r\n")
            #expect(await counted() == 1)
            #expect(try client.ask("MULTI") == "+OK\r\n")
            let queued = [
                ["SET", "k2", "w", "PX", "5"], ["EXPIRE", "k", "5"], ["EXPIRE", "none", "5"], ["TTL", "none"],
                ["TTL", "k"], ["PERSIST", "k"], ["GET", "k2"],
            ]
            for words in queued {
                try client.send(RawConnection.command(words))
                #expect(try client.reply() == "+QUEUED\r\n", "\(words)")
            }
            #expect(try client.ask("EXEC") == "*7\r\n+OK\r\n:1\r\n:0\r\n:-2\r\n:-1\r\n:0\r\n$1\r\nw\r\n")
            #expect(await counted() == 7)
        }
    }

    @Test("an ignored time to live is counted on the metrics page, and keys that are not there stay so")
    func ignored() throws {
        let server = try MemcachedServer()
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "adapter.yaml",
            #"""
            adapter: plain
            transport: { schemes: [tcp], port: 11211 }
            framing: { lines: { end: "\r\n" } }
            keys: { allowed: printable, others: percent, longest: 250 }
            messages:
              VA: { line: "VA {size:number}", body: { value: size, end: "\r\n" }, is: result }
              HD: { line: "HD", is: result }
              EN: { line: "EN", is: missing }
              NF: { line: "NF", is: missing }
            capabilities: { kv.get: native, kv.set: native, kv.delete: native, kv.exists: native, kv.ttl: ignored }
            operations:
              get:    { send: "mg {key} v\r\n", expects: [VA, EN] }
              exists: { send: "mg {key}\r\n", expects: [HD, EN] }
              set:    { send: "ms {key} {value.length}\r\n{value}\r\n", expects: HD }
              delete: { send: "md {key}\r\n", expects: [HD, NF] }

            """#)
        let gateway = try Self.gateway(file, server.url, "gaps: { kv.ttl: ignore }")
        let client = try gateway.connect()
        #expect(try client.ask("EXPIRE", "none", "5") == ":0\r\n")
        #expect(try client.ask("TTL", "none") == ":-2\r\n")
        #expect(try client.ask("SET", "k", "v", "EX", "5") == "+OK\r\n")
        #expect(try client.ask("EXPIRE", "k", "5") == ":1\r\n")
        #expect(try client.ask("TTL", "k") == ":-1\r\n")
        #expect(try client.ask("EXPIRE", "k", "5", "XX") == ":0\r\n", "it has none that could be changed")
        #expect(try gateway.metrics().sum("fairlead_ignored_total", "capability=\"kv.ttl\"") == 6)
    }

    @Test("where a file maps a capability in part, the gateway does the rest, and says so")
    func inPart() throws {
        let server = try MemcachedServer()
        let folder = try TemporaryFolder()
        let shipped = "\(Tools.repository)/adapters/memcached/adapter.yaml"
        let text = try String(contentsOfFile: shipped, encoding: .utf8)
            .replacing(
                "messages:\n", with: "messages:\n  SIZE: { line: \"HD s{number:number} k{name=key}\", is: result }\n",
                maxReplacements: 1
            )
            .replacing(
                "capabilities:\n", with: "capabilities:\n  kv.range: native\n  kv.exchange: native\n",
                maxReplacements: 1
            )
            .replacing(
                "operations:\n",
                with: """
                    operations:
                      length: { send: "mg {key} s k\\r\\n", expects: [SIZE, EN, MISS] }
                      get-and-delete: { send: "mg {key} v k\\r\\n", expects: [VA, EN, MISS] }

                    """, maxReplacements: 1)
        let file = try folder.write("adapter.yaml", text)
        let gateway = try Self.gateway(file, server.url)
        let client = try gateway.connect()
        #expect(try client.ask("SET", "k", "Hello World") == "+OK\r\n")
        #expect(try client.ask("STRLEN", "k") == ":11\r\n")
        #expect(try client.ask("GETRANGE", "k", "0", "4") == "$5\r\nHello\r\n")
        #expect(try client.ask("SETRANGE", "k", "6", "Redis") == ":11\r\n")
        #expect(try client.ask("GETSET", "k", "new") == "$11\r\nHello Redis\r\n")
        #expect(try client.ask("SET", "k", "newer", "GET") == "$3\r\nnew\r\n")
        #expect(try client.ask("GET", "k") == "$5\r\nnewer\r\n")
        let info = try client.ask("INFO", "fairlead")
        #expect(info.contains("fairlead_kv.exchange:emulated\r\n"))
        #expect(info.contains("fairlead_kv.exchange.note:in part by the gateway: "))
        #expect(!info.contains("fairlead_kv.exchange.weakenings"))
    }

    @Test("clients are told of bounds, weakenings and notes, of eviction, and of the gateway")
    func told() throws {
        let server = try MemcachedServer()
        let gateway = try Self.gateway("memcached", server.url)
        let client = try gateway.connect()
        let info = try client.ask("INFO", "fairlead")
        #expect(info.contains("fairlead_kv.set:native\r\n"))
        #expect(info.contains("fairlead_kv.set.bounds:key-bytes=250,value-bytes=1048064\r\n"))
        #expect(info.contains("fairlead_kv.set.weakenings:evicting,not-durable\r\n"))
        #expect(info.contains("fairlead_kv.set.note:memcached drops what was used least"))
        #expect(
            try client.ask("CONFIG", "GET", "maxmemory-policy")
                == "*2\r\n$16\r\nmaxmemory-policy\r\n$11\r\nallkeys-lru\r\n")
        let modules = "$8\r\nfairlead\r\n$3\r\nver\r\n:1\r\n$4\r\npath\r\n$0\r\n\r\n$4\r\nargs\r\n*4\r\n"
        let house = "$7\r\nbackend\r\n$5\r\nhouse\r\n$7\r\nadapter\r\n$9\r\nmemcached\r\n"
        #expect(try client.ask("HELLO", "3").hasSuffix("$7\r\nmodules\r\n*1\r\n%4\r\n$4\r\nname\r\n\(modules)\(house)"))
    }

    /// A gateway whose backend `house` has `adapter` and is at `url`.
    private static func gateway(_ adapter: String, _ url: String, _ more: String = "") throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 1
                listeners: { redis: { protocol: redis, listen: "127.0.0.1:0", backend: house } }
                backends:
                  house: { adapter: "\(adapter)", url: "\(url)", conformance: unverified\(more.isEmpty ? "" : ", \(more)") }

                """)
    }
}
