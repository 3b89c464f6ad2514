// Builds the same configuration from command-line options, without a file or over one.

import Capabilities
import Reactor

/// What the command line says about the configuration, as it was typed.
package struct ConfigurationOptions: Sendable {
    /// The `LISTEN=URL` texts, each with the protocol whose option carried it.
    package var routes: [(protocol: WireProtocol, text: String)] = []
    package var admin: String?
    package var workers: Int?
    package var reactor: String?
    package var logLevel: String?
    package var logFormat: String?
    package var shutdownGrace: String?

    package init() {}

    /// The configuration of the options alone, or of `file` with the options over it.
    ///
    /// The first listener and backend of a protocol are called after it (`redis`), the next ones `redis-2` and so on.
    ///
    /// - Parameter review: what the backends of these options are held to besides; those of `file` were when it was loaded.
    /// - Throws: every problem, each naming the option that caused it.
    package func configuration(
        over file: Configuration? = nil, review: ConfigurationReview? = nil
    ) throws(ConfigurationError) -> Configuration {
        var problems: [ConfigurationProblem] = []
        func read<Value>(_ option: String, _ text: String?, _ parse: (String) throws(ValueError) -> Value) -> Value? {
            guard let text else { return nil }
            do {
                return try parse(text)
            } catch {
                problems.append(ConfigurationProblem(source: "--\(option)", key: "", message: error.message))
                return nil
            }
        }
        var configuration = file ?? Configuration(listeners: [], backends: [])
        for (wire, text) in routes {
            let route = read(wire.rawValue, text) { text throws(ValueError) in try Self.route(text, speaks: wire) }
            if let route { Self.add(route, to: &configuration) }
        }
        if let admin = read("admin", admin, { text throws(ValueError) in try Endpoint.parse(text, for: .listening) }) {
            configuration.admin = admin
        }
        let workers = read("workers", workers.map(String.init)) { text throws(ValueError) in
            guard case .wholeNumber(let range) = ConfigurationKey.workers.kind, let count = Int(text),
                range.contains(count)
            else { throw ValueError("expected a \(ConfigurationKey.workers.kind), got \(text)") }
            return count
        }
        configuration.workers = workers ?? configuration.workers
        let reactor = read("reactor", reactor) { text throws(ValueError) -> ReactorEngine in
            try ConfigurationNames.choice(text)
        }
        configuration.reactor = reactor ?? configuration.reactor
        let level = read("log-level", logLevel) { text throws(ValueError) -> LogLevel in
            try ConfigurationNames.choice(text)
        }
        configuration.log.level = level ?? configuration.log.level
        let format = read("log-format", logFormat) { text throws(ValueError) -> LogFormat in
            try ConfigurationNames.choice(text)
        }
        configuration.log.format = format ?? configuration.log.format
        configuration.shutdownGrace =
            read("shutdown-grace", shutdownGrace, DurationText.parse) ?? configuration.shutdownGrace
        if problems.isEmpty {
            let declared = configuration.backends.map(\.name) + configuration.privateBackends.map(\.name)
            var findings = ConfigurationChecks.findings(in: configuration, declared: declared)
            if file == nil, let review {
                findings += review.findings(in: configuration, besides: findings.map(\.key))
            }
            problems = findings.map { ConfigurationProblem(source: "options", key: $0.key, message: $0.message) }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return configuration
    }

    /// One `LISTEN=URL`, read.
    private struct Route {
        enum Target {
            case trusted(url: String, BackendURL)
            case adapted(adapter: String, AdapterSettings)
        }

        var listen: Endpoint
        var wire: WireProtocol
        var target: Target
    }

    private static func route(_ text: String, speaks wire: WireProtocol) throws(ValueError) -> Route {
        // The text is not repeated in this message: what looks like no route may still hold a password.
        guard let equals = text.firstIndex(of: "=") else {
            throw ValueError("expected LISTEN=URL, such as \(example(of: wire))")
        }
        let listen = try Endpoint.parse(String(text[..<equals]), for: .listening)
        let url = String(text[text.index(after: equals)...])
        if let adapted = try adapted(url) { return Route(listen: listen, wire: wire, target: adapted) }
        let target = try BackendURL.parse(url)
        guard target.protocol == wire else {
            throw ValueError(
                """
                the URL's server speaks \(target.protocol.rawValue) and this option is for \(wire.rawValue): \
                use --\(target.protocol.rawValue), or a URL as in \(example(of: wire))
                """)
        }
        return Route(listen: listen, wire: wire, target: .trusted(url: url, target))
    }

    /// What `ADAPTER+URL` or `embedded:FOLDER` says; nil for the URL of a trusted backend.
    private static func adapted(_ text: String) throws(ValueError) -> Route.Target? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon]
        let rest = String(text[text.index(after: colon)...])
        if scheme == "embedded" {
            guard !rest.isEmpty else { throw ValueError("expected embedded:FOLDER, where it keeps its data") }
            return .adapted(adapter: "embedded", AdapterSettings(backend: "", options: ["folder": rest]))
        }
        guard let plus = scheme.firstIndex(of: "+"), scheme.prefix(upTo: plus) != "redis",
            scheme.prefix(upTo: plus) != "rediss"
        else { return nil }
        let adapter = String(scheme[..<plus])
        let transport = String(scheme[scheme.index(after: plus)...])
        guard !adapter.isEmpty, !transport.isEmpty else {
            throw ValueError("expected ADAPTER+URL, such as memcached+tcp://127.0.0.1:11211")
        }
        return .adapted(adapter: adapter, AdapterSettings(backend: "", url: "\(transport):\(rest)"))
    }

    /// A route as an example for `wire`.
    package static func example(of wire: WireProtocol) -> String {
        switch wire {
        case .redis: "6380=redis://127.0.0.1:6379"
        case .postgres: "6432=postgres://127.0.0.1:5432"
        case .s3: "9001=http://127.0.0.1:9000"
        }
    }

    private static func add(_ route: Route, to configuration: inout Configuration) {
        let wire = route.wire
        let earlier = configuration.listeners.count { $0.protocol == wire }
        let name = earlier == 0 ? wire.rawValue : "\(wire.rawValue)-\(earlier + 1)"
        let backend: String
        switch route.target {
        case .trusted(let url, let target):
            backend = name
            configuration.backends.append(trusted(name, url, target))
        case .adapted(let adapter, let settings):
            backend = addPrivate(adapter, settings, to: &configuration)
        }
        configuration.listeners.append(
            ListenerConfiguration(name: name, protocol: wire, listen: [route.listen], backend: backend))
    }

    private static func trusted(_ name: String, _ url: String, _ target: BackendURL) -> BackendConfiguration {
        var backend = BackendConfiguration(
            name: name, url: url, protocol: target.protocol, endpoint: target.endpoint)
        backend.topology = target.topology
        if target.topology.isCluster { backend.mode = .shared }
        if case .host(let host, _) = target.endpoint,
            target.security == .verified || target.security == .unverified
        {
            var tls = BackendTLS(serverName: host)
            tls.verify = target.security == .verified
            backend.tls = tls
        }
        return backend
    }

    /// The name of the backend that these words describe; the same words on another listener mean the same backend.
    private static func addPrivate(
        _ adapter: String, _ settings: AdapterSettings, to configuration: inout Configuration
    ) -> String {
        let same = configuration.privateBackends.first {
            $0.adapter == adapter && $0.settings.url == settings.url && $0.settings.options == settings.options
        }
        if let same { return same.name }
        let stem = ConfigurationNames.isValid(adapter) ? adapter : "adapter"
        let earlier = configuration.privateBackends.count { $0.adapter == adapter }
        let name = earlier == 0 ? stem : "\(stem)-\(earlier + 1)"
        var settings = settings
        settings.backend = name
        configuration.privateBackends.append(
            PrivateBackendConfiguration(name: name, adapter: adapter, settings: settings))
        return name
    }

    /// What `serve` does when it is told nothing: the embedded adapter behind all three fronts, its data in `folder`.
    package static func embeddedRoutes(folder: String) -> [(protocol: WireProtocol, text: String)] {
        [(.redis, "6380=embedded:\(folder)"), (.postgres, "6432=embedded:\(folder)"), (.s3, "9001=embedded:\(folder)")]
    }
}
