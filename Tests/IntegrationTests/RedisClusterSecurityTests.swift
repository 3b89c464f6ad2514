// A cluster whose nodes are reached over TLS.

import TestSupport
import Testing

@Suite("a cluster behind TLS", .serialized, .blocking)
struct RedisClusterSecurityTests {
    private static func gateway(
        _ cluster: RedisCluster, port: (RedisServer) -> Int?, _ tls: String
    ) throws -> Fairlead {
        let seeds = cluster.nodes.prefix(2).map { "127.0.0.1:\(port($0) ?? 0)" }.joined(separator: ",")
        return try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                  redis: { protocol: redis, listen: 127.0.0.1:0, backend: cache }
                backends:
                  cache: { url: "rediss+cluster://\(seeds)", tls: { \(tls) } }

                """)
    }

    @Test("every node is reached over TLS, and verified, before and after a failover")
    func verified() throws {
        let certificates = try Certificates()
        let cluster = try RedisCluster(certificates: certificates)
        let gateway = try Self.gateway(cluster, port: \.tlsPort, "ca: \(certificates.authority)")
        let client = try gateway.connect()
        func writeAndRead(_ value: String) throws -> Bool {
            let sets = try RoutedRedis.pipeline(client, (0..<200).map { ["SET", "key:\($0)", "\(value)-\($0)"] })
            let gets = try RoutedRedis.pipeline(client, (0..<200).map { ["GET", "key:\($0)"] })
            return sets.allSatisfy { $0 == "+OK\r\n" }
                && gets.enumerated().allSatisfy { $1.hasSuffix("\r\n\(value)-\($0)\r\n") }
        }
        #expect(try writeAndRead("one"))
        for node in 0..<3 {
            #expect(try cluster.ask(node, "DBSIZE") != "0")
            // The gateway's connections are all on the port for TLS; the one in the clear is the test's own.
            let clients = try cluster.ask(node, "CLIENT", "LIST", "TYPE", "NORMAL").split(separator: "\n")
            let laddr = "laddr=127.0.0.1:\(cluster.nodes[node].tlsPort ?? 0) "
            #expect(clients.count { !$0.contains(laddr) } == 1 && clients.contains { $0.contains(laddr) })
        }
        try cluster.failover(to: 3)
        try eventually("writes after a failover") { try writeAndRead("two") }
    }

    @Test("nodes whose certificates come from nobody known are not spoken to")
    func unverified() throws {
        let theirs = try Certificates()
        let others = try Certificates()
        let cluster = try RedisCluster(certificates: theirs)
        let gateway = try Self.gateway(cluster, port: \.tlsPort, "ca: \(others.authority)")
        #expect(try gateway.connect().ask("GET", "a").hasPrefix("-ERR fairlead: "))
        try eventually("nodes without a client on the port for TLS") {
            try cluster.nodes.indices.allSatisfy { node in
                let clients = try cluster.ask(node, "CLIENT", "LIST", "TYPE", "NORMAL")
                return !clients.contains("laddr=127.0.0.1:\(cluster.nodes[node].tlsPort ?? 0) ")
            }
        }
    }
}
