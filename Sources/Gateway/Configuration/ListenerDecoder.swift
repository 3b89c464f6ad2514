// Reads one listener from its section.

import RedisWire
import Wire
import Yams

extension ConfigurationDecoder {
    /// The listener called `name`, or nil when a needed part of it could not be read.
    mutating func listener(_ name: String, _ section: ConfigurationSection) -> ListenerConfiguration? {
        let wire: WireProtocol? = choice(.listenerProtocol, in: section)
        let endpoints = endpoints(.listen, in: section)
        let backend = text(.listenerBackend, in: section)
        let connections = wholeNumber(.connections, in: section)
        let handshakeTimeout = duration(.handshakeTimeout, in: section)
        let idleTimeout = duration(.idleTimeout, in: section)
        let users = texts(.users, in: section)
        let accessKeys = texts(.accessKeys, in: section)
        let region = text(.region, in: section)
        let domains = domains(section, speaks: wire)
        let allowsAnonymous = boolean(.allowAnonymous, in: section)
        let denied = words(.deny, in: section) { text throws(ValueError) in
            guard let entry = RedisDenials.Entry(text) else {
                throw ValueError(
                    "expected a command, or a command and a subcommand such as CONFIG SET, got \"\(text)\"")
            }
            return entry
        }
        let rateLimit = rateLimit(ConfigurationKey.rateLimit, in: section)
        let required = requirements(.require, in: section)
        let routes = routes(section)
        let splits = boolean(.split, in: section)
        let shadow = shadow(ConfigurationKey.shadow, in: section, speaks: wire)
        let sampling = sampling(section)
        let migration = migration(section)
        let tls = self.section(.listenerTLS, in: section).flatMap { listenerTLS($0, speaks: wire) }
        guard let wire, let endpoints, let backend else { return nil }
        var listener = ListenerConfiguration(name: name, protocol: wire, listen: endpoints, backend: backend)
        listener.connections = connections ?? listener.connections
        listener.handshakeTimeout = handshakeTimeout.flatMap(\.self) ?? listener.handshakeTimeout
        listener.idleTimeout = idleTimeout ?? listener.idleTimeout
        listener.users = Dictionary(uniqueKeysWithValues: users ?? [])
        listener.accessKeys = Dictionary(uniqueKeysWithValues: accessKeys ?? [])
        listener.region = region
        listener.domains = domains
        listener.allowsAnonymous = allowsAnonymous ?? listener.allowsAnonymous
        listener.denied = denied ?? []
        listener.rateLimit = rateLimit
        listener.catchAll.required = required
        listener.routes = routes
        listener.splits = splits ?? listener.splits
        listener.shadow = shadow
        listener.shadow?.domains = domains
        listener.sampling = sampling
        listener.migration = migration
        listener.tls = tls
        return listener
    }

    private mutating func domains(_ section: ConfigurationSection, speaks wire: WireProtocol?) -> [String] {
        if let wire, wire != .s3, section.has(.domains) {
            add("only S3 clients name a bucket in the host: remove this key", at: section.path(of: .domains))
        }
        return words(.domains, in: section) { text throws(ValueError) in
            let isName = text.utf8.allSatisfy {
                $0.isASCIIDigit || $0.asciiLowercased &- 0x61 < 26 || $0 == 0x2D || $0 == 0x2E
            }
            guard isName, (1...253).contains(text.utf8.count), !text.hasPrefix("."), !text.hasSuffix(".") else {
                throw ValueError("expected a domain such as s3.example.com, without a port, got \"\(text)\"")
            }
            return text
        } ?? []
    }

    mutating func endpoint(_ key: ConfigurationKey, in section: ConfigurationSection) -> Endpoint? {
        let folder = folder
        return parsed(key, in: section) { text throws(ValueError) in
            try Endpoint.parse(text, for: .listening, folder: folder)
        }
    }

    /// One endpoint or a list; nil when there is none that could be read.
    private mutating func endpoints(_ key: ConfigurationKey, in section: ConfigurationSection) -> [Endpoint]? {
        guard case .sequence(let list) = section.entries[key.name]?.value else {
            return endpoint(key, in: section).map { [$0] }
        }
        let path = section.path(of: key)
        if list.isEmpty { add("expected at least one address", at: path) }
        var endpoints: [Endpoint] = []
        for (index, node) in list.enumerated() {
            guard let text = text(node, of: .admin, path: "\(path)[\(index)]") else { continue }
            do {
                endpoints.append(try Endpoint.parse(text, for: .listening, folder: folder))
            } catch {
                add(error.message, at: "\(path)[\(index)]", mark: node.mark)
            }
        }
        return endpoints.isEmpty ? nil : endpoints
    }

    private mutating func listenerTLS(_ section: ConfigurationSection, speaks wire: WireProtocol?) -> ListenerTLS? {
        let mode = parsed(.listenerTLSMode, in: section) { text throws(ValueError) in
            guard ["terminate", "passthrough"].contains(text) else {
                throw ValueError("expected terminate or passthrough, got \"\(text)\"")
            }
            return text
        }
        let required = boolean(.listenerTLSRequired, in: section)
        if let wire, wire != .postgres, section.has(.listenerTLSRequired) {
            add(
                """
                only PostgreSQL clients can choose between TLS and the clear; with tls set, \(wire.rawValue) clients \
                always need it: remove this key
                """,
                at: section.path(of: .listenerTLSRequired))
        }
        // A mode that could not be read makes what it needs unknown.
        if mode == nil, section.has(.listenerTLSMode) { return nil }
        if mode == "passthrough" { return passthrough(section, required: required ?? false, speaks: wire) }
        let certificate = file(.listenerCertificate, in: section, holds: .certificates)
        let key = file(.listenerKey, in: section, holds: .privateKey)
        for needed in [ConfigurationKey.listenerCertificate, .listenerKey] where !section.has(needed) {
            missing(needed, in: section, because: ", and TLS cannot be terminated without it")
        }
        let clientCA = file(.clientCA, in: section, holds: .certificates)
        let minimum: MinimumTLS? = choice(.listenerMinimumVersion, in: section)
        guard let certificate, let key else { return nil }
        var tls = TerminatedTLS(
            certificate: certificate, key: key, required: wire == .postgres ? required ?? false : true)
        tls.clientCA = clientCA
        tls.minimumVersion = minimum ?? tls.minimumVersion
        return .terminate(tls)
    }

    private mutating func passthrough(
        _ section: ConfigurationSection, required: Bool, speaks wire: WireProtocol?
    ) -> ListenerTLS? {
        if let wire, wire != .postgres {
            add(
                """
                passthrough is for postgres listeners; terminate TLS here (certificate and key) and write a \
                \(wire == .redis ? "rediss" : "https"):// backend if it needs TLS too
                """,
                at: section.path(of: .listenerTLSMode))
        }
        for key in [ConfigurationKey.listenerCertificate, .listenerKey, .clientCA, .listenerMinimumVersion]
        where section.has(key) {
            add(
                "passthrough leaves TLS to the backend, so this key would do nothing: remove it, or write mode: terminate",
                at: section.path(of: key))
        }
        return .passthrough(required: required)
    }
}
