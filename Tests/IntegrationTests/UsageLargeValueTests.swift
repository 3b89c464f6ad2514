// What Redis clients use with values that never lie in one buffer.

import Conformance
import Portability
import TestSupport
import Testing
import Usage

@Suite("large values", .serialized, .blocking)
struct UsageLargeValueTests {
    @Test("sees the options and sizes of values that are larger than a buffer", arguments: ["session", "shared"])
    func largeValues(mode: String) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"])
        let client = try gateway.connect()
        let value = String(repeating: "v", count: 3_000_000)
        for _ in 0..<20 { #expect(try client.ask("SET", "a", value, "PX", "60000") == "+OK\r\n") }
        let profile = try Profile(json: gateway.get("/usage").body)
        let one = try #require(profile.applications.first)
        #expect(one.features["redis.option.set.px"]?.count == 20)
        #expect(one.sizes["redis.key.bytes"] == SizeRanges(counts: [0, 20]))
        #expect(one.sizes["redis.value.bytes"]?.counts.last == 20)
        #expect(one.sizes["redis.value.bytes"]?.counts.count == 1 + SizeRanges.range(of: 3_000_000))
        // etcd takes a mebibyte.
        let report = try ReportFile.read("\(Tools.repository)/conformance/reports/etcd.json")
        #expect(Assessment(one, on: report, SuiteFeatures()).verdict == .blocked)
        client.close()
    }
}
