// A scratch Redis cluster: three masters with a replica each.

import Foundation

/// Six redis-server nodes on loopback; the masters are the first three when it starts, and share the slots evenly.
package final class RedisCluster: Sendable {
    package let nodes: [RedisServer]
    /// The cluster's names of the nodes.
    package let ids: [String]

    /// Starts a cluster and waits until every node sees it whole, replicas in step.
    package static func start(_ arguments: [String] = []) async throws -> RedisCluster {
        try await blocking { try RedisCluster(arguments) }
    }

    /// The password of the default user, of all nodes.
    private let password: String?

    /// The first slots of the masters, and the end.
    private static let borders = [0, 5461, 10923, 16384]

    /// The blocking form of `start`; with `certificates` the nodes speak TLS with each other, and on their `tlsPort`.
    package init(_ arguments: [String] = [], password: String? = nil, certificates: Certificates? = nil) throws {
        self.password = password
        let security = try certificates.map(Self.security) ?? []
        let login = password.map { ["--masterauth", $0] } ?? []
        let busPorts = try (0..<6).map { _ in try FreePort.take() }
        nodes = try busPorts.map { port in
            try RedisServer(
                .init(
                    certificates: certificates, password: password,
                    arguments: [
                        "--cluster-enabled", "yes", "--cluster-port", "\(port)", "--cluster-node-timeout", "1500",
                        "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0",
                        "--repl-ping-replica-period", "1",
                    ] + login + security + arguments))
        }
        ids = try nodes.map { try Self.ask($0, password, ["CLUSTER", "MYID"]) }
        for (index, node) in nodes.enumerated() {
            try Self.ask(node, password, ["CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)"])
            if index < 3 {
                try Self.ask(
                    node, password,
                    ["CLUSTER", "ADDSLOTSRANGE", "\(Self.borders[index])", "\(Self.borders[index + 1] - 1)"])
            }
            guard index > 0 else { continue }
            let first = nodes[0].tlsPort ?? nodes[0].port
            try Self.ask(node, password, ["CLUSTER", "MEET", "127.0.0.1", "\(first)", "\(busPorts[0])"])
        }
        try wait("six nodes everywhere") {
            try nodes.allSatisfy { try Self.ask($0, password, ["CLUSTER", "INFO"]).contains("cluster_known_nodes:6") }
        }
        for index in 3..<6 { try replicate(index, of: index - 3) }
        try waitUntilWhole()
    }

    /// TLS between the nodes, each of which is also a client of the others.
    private static func security(_ certificates: Certificates) throws -> [String] {
        let node = try certificates.issue(
            "node", name: "node",
            extensions: "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth")
        return [
            "--tls-cluster", "yes", "--tls-replication", "yes", "--tls-cert-file", node.certificate, "--tls-key-file",
            node.key,
        ]
    }

    private func replicate(_ index: Int, of master: Int) throws {
        try wait("a replica that knows its master") {
            try Self.ask(nodes[index], password, ["CLUSTER", "REPLICATE", ids[master]]) == "OK"
        }
    }

    /// Waits until every node that runs says that the cluster is whole, and every replica among them is linked.
    package func waitUntilWhole() throws {
        try wait("a whole cluster") {
            try running.allSatisfy { index in
                guard try ask(index, "CLUSTER", "INFO").contains("cluster_state:ok") else { return false }
                let replication = try ask(index, "INFO", "replication")
                return replication.contains("role:master") || replication.contains("master_link_status:up")
            }
        }
        // Every node, and not only their masters, has to name the replicas.
        try wait("replicas that everyone knows") {
            try running.allSatisfy { index in
                let lines = try ask(index, "CLUSTER", "NODES").split(separator: "\n")
                let masters = lines.filter { $0.contains("master") && !$0.contains("fail") }.count
                let replicas = lines.filter { $0.contains("slave") && !$0.contains("fail") }.count
                return masters == 3 && masters + replicas == running.count
            }
        }
    }

    /// Places of the nodes that run.
    package var running: [Int] { nodes.indices.filter { nodes[$0].process.ending == nil } }

    // MARK: Asking

    /// What the node at `index` answers to a command, as redis-cli prints it.
    @discardableResult
    package func ask(_ index: Int, _ words: String...) throws -> String { try Self.ask(nodes[index], password, words) }

    @discardableResult
    private static func ask(_ server: RedisServer, _ password: String?, _ words: [String]) throws -> String {
        try Command.runBlocking(
            ["redis-cli", "-p", "\(server.port)"] + words, env: password.map { ["REDISCLI_AUTH": $0] } ?? [:],
            timeout: .seconds(20)
        ).text
            .trimmingCharacters(in: .newlines)
    }

    private func wait(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw SupportError("the cluster has no \(what)") }
            usleep(50_000)
        }
    }

    /// The place of the master that serves `slot`, as the node at `index` has it.
    package func master(of slot: Int, asking index: Int? = nil) throws -> Int {
        let lines = try ask(index ?? running.first ?? 0, "CLUSTER", "NODES").split(separator: "\n")
        for line in lines where line.contains("master") && !line.contains("fail") {
            let words = line.split(separator: " ").map(String.init)
            for range in words.dropFirst(8) {
                let ends = range.split(separator: "-").compactMap { Int($0) }
                guard let low = ends.first, low <= slot, slot <= ends.last ?? low else { continue }
                if let place = ids.firstIndex(of: words[0]) { return place }
            }
        }
        throw SupportError("no master has slot \(slot)")
    }

    // MARK: Resharding

    /// Begins to move `slot`: the two nodes answer ASK and TRYAGAIN until ``endMove(_:to:)``.
    package func beginMove(_ slot: Int, from source: Int, to target: Int) throws {
        try ask(target, "CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", ids[source])
        try ask(source, "CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", ids[target])
    }

    /// Moves up to `count` keys of `slot`; how many there were.
    @discardableResult
    package func moveKeys(_ slot: Int, from source: Int, to target: Int, count: Int = 1000) throws -> Int {
        let keys = try ask(source, "CLUSTER", "GETKEYSINSLOT", "\(slot)", "\(count)").split(separator: "\n")
        guard !keys.isEmpty else { return 0 }
        let words = ["MIGRATE", "127.0.0.1", "\(nodes[target].port)", "", "0", "5000", "KEYS"] + keys.map(String.init)
        let answer = try Self.ask(nodes[source], password, words)
        guard answer == "OK" || answer == "NOKEY" else { throw SupportError("MIGRATE: \(answer)") }
        return keys.count
    }

    /// Gives `slot` to `target` and tells every node.
    package func endMove(_ slot: Int, to target: Int) throws {
        for index in [target] + running.filter({ $0 != target }) {
            // Replicas hear it from their masters.
            try ask(index, "CLUSTER", "SETSLOT", "\(slot)", "NODE", ids[target])
        }
    }

    /// Moves `slot` with its keys from the master that has it.
    package func move(_ slot: Int, to target: Int) throws {
        let source = try master(of: slot)
        guard source != target else { return }
        try beginMove(slot, from: source, to: target)
        while try moveKeys(slot, from: source, to: target) > 0 {}
        try endMove(slot, to: target)
    }

    // MARK: Failover

    /// Makes the replica at `index` master, with its master's agreement, and waits until it is.
    package func failover(to index: Int) throws {
        try wait("failover to node \(index)") {
            if try ask(index, "ROLE").hasPrefix("master") { return true }
            try ask(index, "CLUSTER", "FAILOVER")
            usleep(100_000)
            return false
        }
    }

    /// Kills the node at `index`, as a crash would.
    package func kill(_ index: Int) { nodes[index].process.kill() }

    /// Waits until the replica at `index` has become master by itself.
    package func waitUntilMaster(_ index: Int) throws {
        try wait("promotion of node \(index)") { try ask(index, "ROLE").hasPrefix("master") }
    }

    package func stop() { for node in nodes { node.stop() } }

    deinit { stop() }
}
