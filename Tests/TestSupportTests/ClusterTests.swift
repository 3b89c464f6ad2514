// The scratch cluster reshards and fails over, and the sentinels switch.

import TestSupport
import Testing

@Suite struct ClusterTests {
    @Test("a cluster of six moves a slot with its keys, and a replica takes over")
    func cluster() async throws {
        let cluster = try await RedisCluster.start()
        try await blocking {
            #expect(try cluster.master(of: 12182) == 2)
            #expect(try cluster.ask(2, "SET", "foo", "bar") == "OK")
            #expect(try cluster.ask(0, "GET", "foo") == "MOVED 12182 127.0.0.1:\(cluster.nodes[2].port)")
            try cluster.beginMove(12182, from: 2, to: 0)
            #expect(try cluster.ask(2, "GET", "{foo}1") == "ASK 12182 127.0.0.1:\(cluster.nodes[0].port)")
            #expect(try cluster.moveKeys(12182, from: 2, to: 0) == 1)
            try cluster.endMove(12182, to: 0)
            #expect(try cluster.ask(0, "GET", "foo") == "bar")
            try cluster.failover(to: 3)
            try cluster.waitUntilWhole()
            #expect(try cluster.master(of: 12182) == 3)
            cluster.kill(3)
            try cluster.waitUntilMaster(0)
            #expect(try cluster.ask(0, "GET", "foo") == "bar")
        }
        cluster.stop()
    }

    @Test("sentinels switch when they are asked to, and when the master dies")
    func sentinels() async throws {
        let sentinels = try await RedisSentinels.start()
        try await blocking {
            #expect(try sentinels.master() == 0)
            try sentinels.failover()
            #expect(try sentinels.master() == 1)
        }
        sentinels.stop()
    }
}
