// Pipelines onto a backend that has to be waited for: everything runs side by side, and looks like one after another.

import Foundation
import TestSupport
import Testing

@Suite("pipelines onto memcached", .serialized, .blocking)
struct TranslatedRedisPipelineTests {
    /// A gateway in front of `server`, by the adapter `adapter`.
    private static func gateway(_ adapter: String, _ server: MemcachedServer) throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners: { redis: { protocol: redis, listen: "127.0.0.1:0", backend: house } }
                backends: { house: { adapter: \(adapter), url: "\(server.url)", conformance: unverified } }

                """)
    }

    /// A random command on one of three keys, which memcached does in one exchange or in several.
    private static func command(_ random: inout some RandomNumberGenerator, keepsExpiry: Bool) -> [String] {
        let key = "k\(Int.random(in: 0..<3, using: &random))"
        let value = "\(Int.random(in: 0..<100, using: &random))"
        return switch Int.random(in: 0..<12, using: &random) {
        case 0...2: ["GET", key]
        case 3, 4: ["SET", key, value]
        case 5: ["SET", key, value, Bool.random(using: &random) ? "NX" : "XX"]
        case 6: ["DEL", key]
        case 7: ["EXISTS", key]
        case 8 where keepsExpiry: ["INCR", key]
        case 9 where keepsExpiry: ["APPEND", key, "1"]
        case 10: ["MGET", "k0", "k1", "k2"]
        default: ["SET", key, value] + (keepsExpiry ? ["KEEPTTL"] : [])
        }
    }

    @Test(
        "random pipelines on three keys are answered as by a real server",
        arguments: ["memcached", "memcached-swift", "memcached-binary"])
    func random(adapter: String) throws {
        let memcached = try MemcachedServer()
        let gateway = try Self.gateway(adapter, memcached)
        let server = try RedisServer()
        let (translated, real) = (try gateway.connect(), try RawConnection(port: server.port))
        let seed =
            ProcessInfo.processInfo.environment["FAIRLEAD_PIPELINE_SEED"].flatMap { UInt64($0) }
            ?? .random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        for round in 0..<60 {
            let commands = (0..<Int.random(in: 1...80, using: &random)).map { _ in
                Self.command(&random, keepsExpiry: adapter != "memcached-binary")
            }
            let bytes = commands.flatMap { RawConnection.command($0) }
            try translated.send(bytes)
            try real.send(bytes)
            for (number, command) in commands.enumerated() {
                let (one, other) = (try ReplyTree(from: translated), try ReplyTree(from: real))
                try #require(
                    one == other,
                    "seed \(seed), round \(round), \(number): \(command): \(one.text), and really \(other.text)")
            }
        }
    }
}
