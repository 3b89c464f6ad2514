// Clients and servers that come and go, for seconds or, in `make soak`, for minutes: memory and descriptors stay flat.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("coming and going leaves nothing behind", .serialized, .blocking)
struct RedisChurnTests {
    /// Bytes that may be resident more at the end than after the first rounds: what an allocator keeps for another use.
    private static let slack = 12 << 20
    private static let lives = 40
    private static let threads = 8

    /// One client: it comes, does something whole or half, and goes, politely or not.
    private static func live(port: Int, _ random: inout SeededGenerator) throws {
        let client = try RawConnection(port: port)
        defer { client.close() }
        let key = "k\(Int.random(in: 0..<50, using: &random))"
        let value = String(repeating: "v", count: Int.random(in: 0..<30_000, using: &random))
        let many = (0..<20).flatMap { _ in
            RawConnection.command(["SET", key, value]) + RawConnection.command(["GET", key])
        }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: client.sendAsFarAsTaken(RawConnection.command(["BLPOP", "nothing", "0"]))
        case 1: client.sendAsFarAsTaken(RawConnection.command(["SUBSCRIBE", "c", "d"]))
        case 2: client.sendAsFarAsTaken(RawConnection.command(["MULTI"]) + RawConnection.command(["INCR", "n"]))
        case 3: client.sendAsFarAsTaken(Array(many.prefix(many.count - 7)))
        case 4:
            // Half of what it asked for is never read.
            client.sendAsFarAsTaken(many)
            _ = try? client.reply()
        case 5: client.sendAsFarAsTaken(Array("*1\r\n$-7\r\n".utf8))
        case 6: client.sendAsFarAsTaken(RawConnection.command(["CLIENT", "SETNAME", "x"]) + many)
        default:
            client.sendAsFarAsTaken(many)
            for _ in 0..<40 { guard (try? client.reply()) != nil else { break } }
        }
    }

    @Test("whatever clients do when they go, and whenever their server does", arguments: ["session", "shared"])
    func churn(mode: String) throws {
        var server = try RedisServer()
        let port = server.port
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(port)", backend: ["mode: \(mode)"])
        let gatewayPort = gateway.port()
        let before = gateway.descriptorCount
        let end = Date(timeIntervalSinceNow: Soak.seconds)
        var resident: [Int] = []
        var round: UInt64 = 0
        while resident.count < 6 || Date() < end {
            round += 1
            let seed = Soak.seed &+ round &* 1000
            let group = DispatchGroup()
            let problems = Mutex<[String]>([])
            for index in 0..<Self.threads {
                group.enter()
                Thread {
                    var random = SeededGenerator(state: seed &+ UInt64(index))
                    for _ in 0..<Self.lives {
                        do {
                            try Self.live(port: gatewayPort, &random)
                        } catch {
                            problems.withLock { $0.append("\(error)") }
                        }
                    }
                    group.leave()
                }.start()
            }
            if round % 2 == 0 {
                server.stop()
                server = try RedisServer(.init(), port: port)
            }
            group.wait()
            #expect(problems.withLock { $0 } == [], "seed \(Soak.seed)")
            try gateway.settles("no session") { $0.sum("fairlead_sessions_active") == 0 }
            resident.append(gateway.residentMemory)
        }
        try gateway.settles("nothing left") { $0.isEmpty }
        try eventually("the descriptors of the start") { gateway.descriptorCount <= before }
        let (early, late) = (resident[1..<4].max() ?? 0, resident.suffix(3).min() ?? .max)
        #expect(late <= early + Self.slack, "resident after each round: \(resident.map { $0 >> 10 }) KiB")
        #expect(try gateway.metrics().sum("fairlead_sessions_total") >= resident.count * Self.threads * Self.lives)
        server.stop()
    }
}

/// How long the randomised tests play, and with which seed.
enum Soak {
    /// Seconds of each test; `make soak` sets more.
    static let seconds = Double(ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SECONDS"] ?? "") ?? 4
    /// Fixed, so that a failure comes again; `make soak` sets another.
    static let seed = UInt64(ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SEED"] ?? "") ?? 20_261
}
