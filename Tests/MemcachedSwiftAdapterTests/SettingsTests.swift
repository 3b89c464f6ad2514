// What a configuration may say of a memcached.

import AdapterTestSupport
import Capabilities
import TestSupport
import Testing

@testable import MemcachedSwiftAdapter

@Suite("The settings of memcached in Swift")
struct SettingsTests {
    @Test(
        "an address that is none is refused",
        arguments: [nil, "", "127.0.0.1:11211", "http://a:1", "tcp://a:0", "tcp://a:b", "tcp://a/b", "unix:"])
    func badURL(url: String?) {
        #expect(throws: AdapterError.self) {
            try MemcachedSwiftAdapter(AdapterSettings(backend: "cache", url: url))
        }
    }

    @Test(
        "an address may leave the port out", arguments: ["tcp://a", "tcp://[::1]", "tcp://a:1/", "unix:/s", "tls://a"])
    func goodURL(url: String) throws { _ = try MemcachedSwiftAdapter(AdapterSettings(backend: "cache", url: url)) }

    @Test(
        "an option that is none, or a number out of its range, is refused and named",
        arguments: [
            ("conections", "1"), ("connections", "0"), ("connections", "x"), ("timeout-ms", "-1"), ("item-bytes", "1"),
        ])
    func badOption(name: String, value: String) {
        let settings = AdapterSettings(backend: "cache", url: "tcp://a", options: [name: value])
        do throws(AdapterError) {
            _ = try MemcachedSwiftAdapter(settings)
            Issue.record("it was taken")
        } catch {
            #expect(error.key == "options.\(name)")
        }
    }

    @Test("the backend's time-outs are the adapter's, and an answer's can be said in one place only")
    func timeouts() throws {
        var settings = AdapterSettings(backend: "cache", url: "tcp://a")
        settings.connectTimeout = .milliseconds(300)
        #expect(try MemcachedOptions(settings).connectTimeout == .milliseconds(300))
        #expect(try MemcachedOptions(settings).responseTimeout == .seconds(5))
        settings.responseTimeout = .milliseconds(200)
        #expect(try MemcachedOptions(settings).responseTimeout == .milliseconds(200))
        settings.options["timeout-ms"] = "100"
        #expect(throws: AdapterError.self) { try MemcachedOptions(settings) }
    }

    @Test("TLS is what the URL or the settings say, and files that are none are noticed")
    func tls() {
        for url in ["tcp://a", "tls://a"] {
            var settings = AdapterSettings(backend: "cache", url: url)
            settings.tls = AdapterTLS()
            settings.tls?.ca = "/nowhere/ca.pem"
            do throws(AdapterError) {
                _ = try MemcachedSwiftAdapter(settings)
                Issue.record("the file was not read")
            } catch {
                #expect(error.key == "tls")
            }
        }
    }

    @Test("a server that is silent longer than the backend's time-out costs the request an error")
    func silence() async throws {
        let server = try ScriptedServer { connection, _ in connection.readToEnd() }
        defer { server.stop() }
        let kind = AdapterKind(name: "memcached-swift", summary: "") { settings throws(AdapterError) in
            var settings = settings
            settings.responseTimeout = .milliseconds(200)
            return try MemcachedSwiftAdapter(settings)
        }
        let start = ContinuousClock.now
        try await ServiceRig.run(kind, url: "tcp://127.0.0.1:\(server.port)") { rig in
            #expect(await rig.get("k") == .failure(.indeterminate("no answer in time")))
        }
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test("the bound of values follows the server's item size")
    func itemBytes() throws {
        let settings = AdapterSettings(backend: "cache", url: "tcp://a", options: ["item-bytes": "2097152"])
        #expect(try MemcachedSwiftAdapter(settings).manifest[.keyValueSet].bounds[.valueBytes] == 2_097_152 - 512)
    }
}
