// What the tests of clusters and sentinels share: a gateway in front, and clients that know what they should hear.

import Foundation
import Synchronization
import TestSupport

extension Fairlead {
    /// A gateway in front of `cluster`, with a listener `redis`, and `split` where commands of several slots are split.
    convenience init(to cluster: RedisCluster, backend: [String] = [], workers: Int = 2) throws {
        let seeds = cluster.nodes.prefix(2).map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        let lines =
            ["admin: 127.0.0.1:0", "workers: \(workers)", "listeners:"]
            + ["redis", "split"].flatMap { name in
                ["  \(name):", "    protocol: redis", "    listen: 127.0.0.1:0", "    backend: cache"]
            } + ["    split: true", "backends:", "  cache:", "    url: redis+cluster://\(seeds)"]
            + backend.map { "    " + $0 }
        try self.init(yaml: lines.joined(separator: "\n") + "\n")
    }
}

/// Runs `body` on as many threads at once, until each has ended; the first problem is thrown.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let problems = Mutex<[String]>([])
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread {
            do { try body(index) } catch { problems.withLock { $0.append("client \(index): \(error)") } }
            group.leave()
        }.start()
    }
    group.wait()
    if let problem = problems.withLock({ $0.first }) { throw SupportError(problem) }
}

/// A client that writes into keys of its own slot and knows what each reply has to be.
///
/// Every value carries the client's name and a number, so that a reply of anybody else's, or out of order, shows.
struct ClusterPlayer {
    let name: String
    /// What replies said other than what they had to say, errors left out.
    private(set) var wrong: [String] = []
    private(set) var errors: [String] = []
    /// Commands that were answered as they had to be.
    private(set) var good = 0
    /// The number that was acknowledged last, and the last that was sent.
    private(set) var acknowledged = 0
    private var sent = 0
    /// INCR that were acknowledged, and those whose fate is not known.
    private(set) var counted = 0
    private(set) var uncertain = 0
    private let connection: RawConnection

    init(_ name: String, port: Int) throws {
        self.name = name
        connection = try RawConnection(port: port)
    }

    private func value(_ number: Int) -> String { "\(name)-\(number)" }
    private static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    /// One pipeline: SET, GET, INCR, and MGET of two keys, each `depth` times.
    mutating func play(depth: Int = 4) throws {
        var bytes: [UInt8] = []
        let first = sent + 1
        for _ in 0..<depth {
            sent += 1
            bytes += RawConnection.command(["SET", "{\(name)}value", value(sent)])
            bytes += RawConnection.command(["GET", "{\(name)}value"])
            bytes += RawConnection.command(["INCR", "{\(name)}count"])
        }
        bytes += RawConnection.command(["ECHO", name])
        try connection.send(bytes)
        for number in first...sent {
            if take(try connection.reply(), ["+OK\r\n"]) { acknowledged = number }
            // After an error it may have been written or not.
            let low = max(acknowledged, 1)
            _ = take(try connection.reply(), (low...number).map { Self.bulk(value($0)) })
            let reply = try connection.reply()
            if reply.hasPrefix(":") {
                let count = Int(reply.dropFirst().dropLast()) ?? 0
                if count > counted, count <= counted + uncertain + 1 {
                    good += 1
                    uncertain -= count - counted - 1
                    counted = count
                } else {
                    wrong.append("INCR \(counted) + \(uncertain): \(reply)")
                }
            } else {
                uncertain += 1
                note(reply)
            }
        }
        _ = take(try connection.reply(), [Self.bulk(name)])
    }

    private mutating func take(_ reply: String, _ expected: [String]) -> Bool {
        if expected.contains(reply) {
            good += 1
            return true
        }
        note(reply)
        return false
    }

    private mutating func note(_ reply: String) {
        if reply.hasPrefix("-") { errors.append(reply) } else { wrong.append(reply) }
    }
}
