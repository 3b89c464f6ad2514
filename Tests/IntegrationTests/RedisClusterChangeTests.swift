// A cluster that changes under load: slots move, masters are replaced and die.

import Foundation
import RedisWire
import Synchronization
import TestSupport
import Testing

@Suite("a cluster that changes under load", .serialized, .blocking)
struct RedisClusterChangeTests {
    /// Plays with `count` clients until `change` is over, and gives what they have seen.
    private static func play(
        _ count: Int, port: Int, atLeast rounds: Int = 50, during change: () throws -> Void
    ) throws -> [ClusterPlayer] {
        let isOver = Mutex(false)
        let players = Mutex<[ClusterPlayer]>([])
        let ended = DispatchSemaphore(value: 0)
        let problem = Mutex<String?>(nil)
        Thread {
            do {
                try onThreads(count) { index in
                    var player = try ClusterPlayer("c\(index)", port: port)
                    var round = 0
                    while round < rounds || !isOver.withLock({ $0 }) {
                        round += 1
                        try player.play()
                        // An error comes at once; what it came from takes a while.
                        if !player.errors.isEmpty { usleep(2000) }
                    }
                    players.withLock { $0.append(player) }
                }
            } catch {
                problem.withLock { $0 = "\(error)" }
            }
            ended.signal()
        }.start()
        let outcome = Result { try change() }
        isOver.withLock { $0 = true }
        ended.wait()
        if let problem = problem.withLock({ $0 }) { throw SupportError(problem) }
        try outcome.get()
        return players.withLock { $0 }
    }

    private static func slot(_ player: Int) -> Int { RedisSlot(of: Array("c\(player)".utf8)).number }

    @Test("slots that move back and forth under load cost no client an error, a reply or its order")
    func resharding() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let players = try Self.play(8, port: gateway.port()) {
            for round in 1...4 {
                for player in 0..<8 {
                    let slot = Self.slot(player)
                    let source = try cluster.master(of: slot)
                    let target = (source + 1 + round % 2) % 3
                    try cluster.beginMove(slot, from: source, to: target)
                    // Left like this for a while: the slot's keys are on both nodes.
                    try cluster.moveKeys(slot, from: source, to: target, count: 1)
                    usleep(20_000)
                    while try cluster.moveKeys(slot, from: source, to: target) > 0 {}
                    usleep(20_000)
                    try cluster.endMove(slot, to: target)
                }
            }
        }
        #expect(players.count == 8)
        for player in players {
            #expect(player.wrong.isEmpty, "\(player.name): \(player.wrong.prefix(3))")
            #expect(player.errors.isEmpty, "\(player.name): \(player.errors.prefix(3))")
            #expect(player.good > 0)
        }
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_command_codes_total", "code=\"MOVED\"") > 0)
        #expect(metrics.sum("fairlead_command_codes_total", "code=\"ASK\"") > 0)
        cluster.stop()
    }

    @Test("keys of one command on both sides of a move are waited for, and then the error is the client's")
    func tryAgain() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let client = try gateway.connect()
        let slot = RedisSlot(of: Array("t".utf8)).number
        #expect(try client.ask("MSET", "{t}1", "a", "{t}2", "b") == "+OK\r\n")
        let source = try cluster.master(of: slot)
        let target = (source + 1) % 3
        try cluster.beginMove(slot, from: source, to: target)
        try cluster.moveKeys(slot, from: source, to: target, count: 1)
        #expect(try client.ask("MGET", "{t}1", "{t}2").hasPrefix("-TRYAGAIN"))
        #expect(try client.ask("GET", "{t}1") == "$1\r\na\r\n")
        #expect(try client.ask("GET", "{t}2") == "$1\r\nb\r\n")
        // Keys that meet while the command waits; the one behind it is answered behind it.
        func tries() throws -> Int { try gateway.metrics().sum("fairlead_command_codes_total", "code=\"TRYAGAIN\"") }
        let before = try tries()
        let node = try RawConnection(port: cluster.nodes[source].port)
        try client.send(RawConnection.command(["MGET", "{t}1", "{t}2"]) + RawConnection.command(["PING"]))
        try eventually("a try that met them apart") { try tries() > before }
        for key in ["{t}1", "{t}2"] {
            try node.ask("MIGRATE", "127.0.0.1", "\(cluster.nodes[target].port)", key, "0", "5000")
        }
        #expect(try client.reply() == "*2\r\n$1\r\na\r\n$1\r\nb\r\n")
        #expect(try client.reply() == "+PONG\r\n")
        #expect(try client.ask("MGET", "{t}1", "{t}2") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n")
        try cluster.endMove(slot, to: target)
        #expect(try client.ask("MGET", "{t}1", "{t}2") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n")
        cluster.stop()
    }

    @Test("a master that hands over under load costs no client a reply, and a storm of MOVED one question")
    func handover() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        func questions() throws -> Int {
            try cluster.running.reduce(0) { sum, index in
                let line = try cluster.ask(index, "INFO", "commandstats").split(separator: "\n")
                    .first { $0.hasPrefix("cmdstat_cluster|slots:calls=") }
                return sum + (line.flatMap { Int($0.dropFirst(28).prefix { $0.isNumber }) } ?? 0)
            }
        }
        var before = 0
        let players = try Self.play(12, port: gateway.port()) {
            try gateway.settles("load") { $0.sum("fairlead_commands_total") > 500 }
            before = try questions()
            for place in 3..<6 {
                try cluster.failover(to: place)
                try cluster.waitUntilWhole()
            }
        }
        for player in players {
            #expect(player.wrong.isEmpty, "\(player.name): \(player.wrong.prefix(3))")
            // A master that becomes a replica may close a connection; what was in flight is told so, once.
            #expect(player.errors.allSatisfy { $0.contains("fairlead: ") }, "\(player.errors.prefix(3))")
        }
        // Two workers, three failovers, and what the period asks: not one for each MOVED.
        #expect(try questions() - before < 30)
        cluster.stop()
    }

    @Test("a master that dies costs the clients of its slots errors until its replica takes over, and others nothing")
    func death() throws {
        let cluster = try RedisCluster(["--cluster-require-full-coverage", "no"])
        let gateway = try Fairlead(to: cluster)
        let players = try Self.play(12, port: gateway.port()) {
            try gateway.settles("load") { $0.sum("fairlead_commands_total") > 500 }
            cluster.kill(1)
            try cluster.waitUntilMaster(4)
            // Everybody is served again.
            for player in 0..<12 {
                let client = try gateway.connect()
                try eventually("an answer for c\(player)") {
                    try client.ask("SET", "{c\(player)}other", "x") == "+OK\r\n"
                }
            }
        }
        for player in players {
            #expect(player.good > 0)
            // What an asynchronous replica had not got is lost, and nothing else: no reply is another client's.
            let strange = player.wrong.filter {
                !$0.contains(player.name + "-") && !$0.hasPrefix("INCR") && $0 != "$-1\r\n"
            }
            #expect(strange.isEmpty, "\(player.name): \(strange.prefix(3))")
            let number = Int(player.name.dropFirst()) ?? 0
            guard !(5461..<10923).contains(Self.slot(number)) else { continue }
            #expect(player.errors.isEmpty && player.wrong.isEmpty, "\(player.name): \(player.errors.prefix(3))")
        }
        cluster.stop()
    }

    @Test("a master that hangs is noticed by response-timeout, and its replica takes over")
    func hanging() throws {
        let cluster = try RedisCluster(["--cluster-require-full-coverage", "no"])
        let gateway = try Fairlead(to: cluster, backend: ["response-timeout: 1s"])
        let client = try gateway.connect()
        let key =
            (0...).lazy.map { "k\($0)" }.first { (5461..<10923).contains(RedisSlot(of: Array($0.utf8)).number) } ?? ""
        #expect(try client.ask("SET", key, "1") == "+OK\r\n")
        cluster.nodes[1].process.freeze()
        #expect(try client.ask("SET", key, "2").contains("did not answer in time"))
        try eventually("an answer of the replica") { try client.ask("SET", key, "3") == "+OK\r\n" }
        #expect(try client.ask("GET", key) == "$1\r\n3\r\n")
        cluster.nodes[1].process.thaw()
        cluster.stop()
    }

    @Test(
        "without a time-out a master that hangs is waited for until its replica has taken over: reads are asked again there"
    )
    func hangingForEver() throws {
        let cluster = try RedisCluster(["--cluster-require-full-coverage", "no"])
        let gateway = try Fairlead(to: cluster)
        let (reader, writer) = (try gateway.connect(), try gateway.connect())
        let key =
            (0...).lazy.map { "k\($0)" }.first { (5461..<10923).contains(RedisSlot(of: Array($0.utf8)).number) } ?? ""
        #expect(try writer.ask("SET", key, "1") == "+OK\r\n")
        try eventually("the replica's copy") { try cluster.ask(4, "DBSIZE") == "1" }
        #expect(try reader.ask("GET", key) == "$1\r\n1\r\n")
        cluster.nodes[1].process.freeze()
        try reader.send(RawConnection.command(["GET", key]))
        #expect(try writer.ask("SET", key, "2").contains("another node has taken its place"))
        #expect(try reader.reply() == "$1\r\n1\r\n")
        #expect(try writer.ask("SET", key, "3") == "+OK\r\n")
        cluster.nodes[1].process.thaw()
        cluster.stop()
    }

    @Test("a client that only blocks, or only has transactions, follows a moved slot and a dead master too")
    func ownConnections() throws {
        let cluster = try RedisCluster(["--cluster-require-full-coverage", "no"])
        let gateway = try Fairlead(to: cluster)
        let slot = RedisSlot(of: Array("t".utf8)).number
        // Each of the two workers has to learn it.
        let clients = try (0..<6).map { _ in try gateway.connect() }
        func pops() throws -> Bool {
            try clients.allSatisfy { try $0.ask("BLPOP", "{t}none", "0.01") == "*-1\r\n" }
        }
        #expect(try pops())
        let target = (try cluster.master(of: slot) + 1) % 3
        try cluster.move(slot, to: target)
        try eventually("the moved slot", within: .seconds(10)) { try pops() }
        cluster.kill(target)
        try cluster.waitUntilMaster(target + 3)
        try eventually("the new master", within: .seconds(10)) { try pops() }
        for client in clients {
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("INCR", "{t}count") == "+QUEUED\r\n")
            #expect(try client.ask("EXEC").hasPrefix("*1\r\n:"))
        }
        cluster.stop()
    }

    @Test("no command of a client overtakes one before it that is still on its way by an older map")
    func order() throws {
        let cluster = try RedisCluster(["--cluster-node-timeout", "60000"])
        let gateway = try Fairlead(to: cluster, backend: ["connect-timeout: 300ms"], workers: 1)
        let client = try gateway.connect()
        func tag(at place: Int) throws -> String {
            try (0...).lazy.map { "t\($0)" }.first {
                try cluster.master(of: RedisSlot(of: Array($0.utf8)).number, asking: 0) == place
            } ?? ""
        }
        let (first, second) = (try tag(at: 0), try tag(at: 1))
        #expect(try client.ask("SET", "{\(first)}key", "0") == "+OK\r\n")
        for tag in [first, second] { try cluster.move(RedisSlot(of: Array(tag.utf8)).number, to: 2) }
        cluster.nodes[0].process.freeze()
        try client.send(RawConnection.command(["SET", "{\(first)}key", "1"]))
        // MOVED of the second slot has the gateway ask for a map, which has the first slot's new place as well.
        let other = try gateway.connect()
        #expect(try other.ask("SET", "{\(second)}key", "x") == "+OK\r\n")
        try eventually("the new map") {
            let other = try gateway.connect()
            try other.send(RawConnection.command(["GET", "{\(first)}key"]))
            return other.hasInput(within: 200)
        }
        try client.send(RawConnection.command(["SET", "{\(first)}key", "2"]))
        usleep(100_000)
        cluster.nodes[0].process.thaw()
        #expect(try client.reply() == "+OK\r\n")
        #expect(try client.reply() == "+OK\r\n")
        #expect(try client.ask("GET", "{\(first)}key") == "$1\r\n2\r\n")
        cluster.stop()
    }
}
