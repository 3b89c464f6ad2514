// What a configuration may say of a memcached.

import Capabilities
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

    @Test("the bound of values follows the server's item size")
    func itemBytes() throws {
        let settings = AdapterSettings(backend: "cache", url: "tcp://a", options: ["item-bytes": "2097152"])
        #expect(try MemcachedSwiftAdapter(settings).manifest[.keyValueSet].bounds[.valueBytes] == 2_097_152 - 512)
    }
}
