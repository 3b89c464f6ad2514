// The checks that need the whole configuration: references, protocols that must agree, addresses that clash.

import Capabilities

/// Checks that compare one part of a configuration with another.
enum ConfigurationChecks {
    /// A problem by the concrete key path it concerns; its place is found by whoever knows the source.
    struct Finding: Error, Equatable, CustomStringConvertible {
        var key: String
        var message: String

        var description: String { "\(key): \(message)" }
    }

    /// Every finding in `configuration`; `declared` also holds the backends that were named but could not be read.
    static func findings(in configuration: Configuration, declared: [String]) -> [Finding] {
        var findings: [Finding] = []
        for listener in configuration.listeners {
            findings += references(of: listener, in: configuration, declared: declared)
            findings += RouteChecks.findings(listener, in: configuration, declared: declared)
            findings += DoorChecks.findings(listener, in: configuration)
            findings += DenyChecks.findings(listener)
            findings += RateLimitChecks.findings(listener)
            findings += KeySamplingChecks.findings(listener)
            findings += MigrationChecks.findings(listener, in: configuration, declared: declared)
            findings += ShadowChecks.findings(listener, in: configuration, declared: declared)
        }
        return findings + clashes(in: configuration)
    }

    private static func references(
        of listener: ListenerConfiguration, in configuration: Configuration, declared: [String]
    ) -> [Finding] {
        let path = "listeners.\(listener.name)"
        if configuration.privateBackend(named: listener.backend) != nil { return entry(listener) }
        guard let backend = configuration.backend(named: listener.backend) else {
            if declared.contains(listener.backend) { return [] }
            return [unknown(listener.backend, at: "\(path).backend", declared: declared)]
        }
        // They are for the time after the cut-over.
        let movesToPrivate = listener.migration.flatMap { configuration.privateBackend(named: $0.target) } != nil
        var findings: [Finding] = []
        for (key, isSet) in [
            ("users", !listener.users.isEmpty && listener.protocol != .redis),
            ("access-keys", !listener.accessKeys.isEmpty && !movesToPrivate),
            ("region", listener.region != nil && !movesToPrivate),
        ] where isSet {
            findings.append(
                Finding(
                    key: "\(path).\(key)",
                    message: """
                        backend \"\(backend.name)\" is trusted and asks its clients itself, so this would do nothing: \
                        remove it
                        """))
        }
        if backend.protocol != listener.protocol {
            findings.append(
                Finding(
                    key: "\(path).backend",
                    message: """
                        the listener speaks \(listener.protocol.rawValue) and backend \"\(backend.name)\" speaks \
                        \(backend.protocol.rawValue): bytes pass unchanged, so both must speak the same
                        """))
        }
        if case .passthrough = listener.tls, backend.tls != nil {
            findings.append(
                Finding(
                    key: "\(path).tls.mode",
                    message: """
                        passthrough takes the client's own TLS to the backend, and backend \"\(backend.name)\" asks for TLS from \
                        Fairlead as well: write sslmode=disable there and leave out its tls settings
                        """))
        }
        return findings
    }

    /// No backend has the name that stands at `key`.
    static func unknown(_ name: String, at key: String, declared: [String]) -> Finding {
        let known = declared.isEmpty ? "there are none" : "there are: \(declared.joined(separator: ", "))"
        let clause = NearestWord.clause(for: name, among: declared)
        return Finding(key: key, message: "no backend is called \"\(name)\"\(clause); \(known)")
    }

    /// Who may come in at a listener in front of a private backend, where nobody but the gateway asks.
    static func entry(_ listener: ListenerConfiguration) -> [Finding] {
        let path = "listeners.\(listener.name)"
        var findings: [Finding] = []
        let isS3 = listener.protocol == .s3
        if isS3, !listener.users.isEmpty {
            findings.append(Finding(key: "\(path).users", message: "S3 clients sign with access-keys: move them there"))
        }
        if !isS3, !listener.accessKeys.isEmpty {
            findings.append(Finding(key: "\(path).access-keys", message: "only S3 clients have access keys: use users"))
        }
        if listener.region != nil, listener.accessKeys.isEmpty {
            findings.append(
                Finding(
                    key: "\(path).region",
                    message: "a region is part of an S3 client's signature: add access-keys, or remove it"))
        }
        if case .passthrough = listener.tls {
            findings.append(
                Finding(
                    key: "\(path).tls.mode",
                    message: "the adapter cannot read what only the client can decrypt: write mode: terminate"))
        }
        let asks = isS3 ? !listener.accessKeys.isEmpty : !listener.users.isEmpty
        if !asks, !listener.allowsAnonymous, let open = listener.listen.first(where: { !isLocal($0) }) {
            findings.append(
                Finding(
                    key: "\(path).listen",
                    message: """
                        \(open) can be reached from other machines and nobody is asked who they are: add \
                        \(isS3 ? "access-keys" : "users"), listen on 127.0.0.1, or write allow-anonymous: true
                        """))
        }
        return findings
    }

    private static func isLocal(_ endpoint: Endpoint) -> Bool {
        switch endpoint {
        case .unix: true
        case .host(let host, _): host.hasPrefix("127.") || host == "::1" || host.lowercased() == "localhost"
        }
    }

    /// Two listeners on one address: workers share ports, so the system itself would not refuse it.
    private static func clashes(in configuration: Configuration) -> [Finding] {
        // An owner of nil is the admin address, which is no listener.
        var taken: [(endpoint: Endpoint, owner: String?)] = configuration.admin.map { [($0, nil)] } ?? []
        var findings: [Finding] = []
        for listener in configuration.listeners {
            for (index, endpoint) in listener.listen.enumerated() {
                let suffix = listener.listen.count > 1 ? "[\(index)]" : ""
                if let other = taken.first(where: { clash($0.endpoint, endpoint) }) {
                    let owner =
                        other.owner.map { $0 == listener.name ? "this listener" : "listener \"\($0)\"" } ?? "admin"
                    findings.append(
                        Finding(
                            key: "listeners.\(listener.name).listen\(suffix)",
                            message:
                                "\(owner) listens on \(other.endpoint) already; give each a port or socket of its own"))
                }
                taken.append((endpoint, listener.name))
            }
        }
        return findings
    }

    private static func clash(_ left: Endpoint, _ right: Endpoint) -> Bool {
        switch (left, right) {
        case (.unix(let a), .unix(let b)): a == b
        case (.host(let a, let portA), .host(let b, let portB)):
            portA == portB && portA != 0 && (a == "*" || b == "*" || same(a, b))
        default: false
        }
    }

    private static func same(_ left: String, _ right: String) -> Bool {
        func plain(_ host: String) -> String { host.lowercased() == "localhost" ? "127.0.0.1" : host.lowercased() }
        return plain(left) == plain(right)
    }
}
