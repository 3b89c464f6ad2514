// memcached's text protocol as an adapter in Swift: what a configuration says, and what all workers share.

import Capabilities
import Multiplex
import Reactor

/// One memcached server.
package final class MemcachedSwiftAdapter: Adapter {
    package let manifest: Manifest
    private let endpoint: MultiplexEndpoint
    private let options: MemcachedOptions

    package init(_ settings: AdapterSettings) throws(AdapterError) {
        options = try MemcachedOptions(settings)
        endpoint = try Self.endpoint(settings)
        manifest = MemcachedManifest.make(valueBytes: options.valueBytes)
    }

    package func makeService() -> any Service {
        guard let worker = Worker.current else { preconditionFailure("a service is made on its worker's thread") }
        return MemcachedService(manifest, to: endpoint, options, worker: worker)
    }

    private static func endpoint(_ settings: AdapterSettings) throws(AdapterError) -> MultiplexEndpoint {
        guard let text = settings.url, let url = AdapterURL(text, defaultPort: 11211),
            url.rest.isEmpty || url.rest == "/"
        else {
            throw AdapterError(
                key: "url", "expected tcp://HOST:PORT, tls://HOST:PORT or unix:PATH of a memcached server")
        }
        guard ["tcp", "tls", "unix"].contains(url.scheme) else {
            throw AdapterError(key: "url", "expected tcp://, tls:// or unix:, and got '\(url.scheme)://'")
        }
        // Either of them asks for TLS: the URL, or the settings for it.
        guard url.scheme == "tls" || settings.tls != nil else { return MultiplexEndpoint(url.target) }
        let tls = settings.tls ?? AdapterTLS()
        do throws(IOError) {
            let context = try TLSContext.client(
                ca: tls.ca, certificate: tls.certificate, key: tls.key, verify: tls.verify,
                minimum: tls.requiresTLS13 ? .tls13 : .tls12)
            return MultiplexEndpoint(url.target, tls: context, serverName: tls.serverName)
        } catch {
            throw AdapterError(key: "tls", "\(error)")
        }
    }
}

extension MemcachedSwiftAdapter {
    /// What a configuration calls it.
    package static let kind = AdapterKind(
        name: "memcached-swift", summary: "memcached, text protocol; the example of an adapter in Swift",
        manifest: MemcachedManifest.make(valueBytes: MemcachedOptions.standardValueBytes)
    ) { settings throws(AdapterError) in
        try MemcachedSwiftAdapter(settings)
    }
}

/// What `options:` may say, and the time-outs of the backend.
struct MemcachedOptions {
    /// The bytes that memcached adds to a value in an item of `-I` bytes: its header, a key of 250 bytes and the suffix.
    private static let itemOverhead = 512

    /// What fits memcached's default item of 1 MiB.
    static let standardValueBytes = 1 << 20 - itemOverhead

    /// Connections of each worker.
    var connections = 1
    var connectTimeout: Duration
    /// From a request to its answer.
    var responseTimeout: Duration
    /// The most bytes of a value.
    var valueBytes = standardValueBytes

    init(_ settings: AdapterSettings) throws(AdapterError) {
        connectTimeout = settings.connectTimeout
        responseTimeout = settings.responseTimeout ?? .seconds(5)
        for (name, text) in settings.options {
            switch name {
            case "connections": connections = try Self.number(name, text, in: 1...64)
            case "timeout-ms":
                guard settings.responseTimeout == nil else {
                    throw AdapterError(
                        key: "options.timeout-ms", "is said by response-timeout already; remove one of them")
                }
                responseTimeout = .milliseconds(try Self.number(name, text, in: 1...600_000))
            case "item-bytes": valueBytes = try Self.number(name, text, in: 1024...1 << 30) - Self.itemOverhead
            default:
                throw AdapterError(
                    key: "options.\(name)", "there is no such option; there are connections, timeout-ms and item-bytes")
            }
        }
    }

    private static func number(_ name: String, _ text: String, in range: ClosedRange<Int>) throws(AdapterError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw AdapterError(
                key: "options.\(name)",
                "expected a number from \(range.lowerBound) to \(range.upperBound), and got '\(text)'")
        }
        return number
    }
}
