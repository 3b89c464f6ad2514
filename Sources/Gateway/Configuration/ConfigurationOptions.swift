// Builds the same configuration from command-line options, without a file or over one.

/// What the command line says about the configuration, as it was typed.
package struct ConfigurationOptions: Sendable {
    /// The `LISTEN=URL` texts, each with the protocol whose option carried it.
    package var routes: [(protocol: WireProtocol, text: String)] = []
    package var admin: String?
    package var workers: Int?
    package var logLevel: String?
    package var logFormat: String?
    package var shutdownGrace: String?

    package init() {}

    /// The configuration of the options alone, or of `file` with the options over it.
    ///
    /// The first listener and backend of a protocol are called after it (`redis`), the next ones `redis-2` and so on.
    ///
    /// - Throws: every problem, each naming the option that caused it.
    package func configuration(over file: Configuration? = nil) throws(ConfigurationError) -> Configuration {
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
            problems = ConfigurationChecks.findings(in: configuration, declared: configuration.backends.map(\.name)).map
            {
                ConfigurationProblem(source: "options", key: $0.key, message: $0.message)
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return configuration
    }

    /// One `LISTEN=URL`, read.
    private struct Route {
        var listen: Endpoint
        var url: String
        var target: BackendURL
    }

    private static func route(_ text: String, speaks wire: WireProtocol) throws(ValueError) -> Route {
        // The text is not repeated in this message: what looks like no route may still hold a password.
        guard let equals = text.firstIndex(of: "=") else {
            throw ValueError("expected LISTEN=URL, such as \(example(of: wire))")
        }
        let listen = try Endpoint.parse(String(text[..<equals]), for: .listening)
        let url = String(text[text.index(after: equals)...])
        let target = try BackendURL.parse(url)
        guard target.protocol == wire else {
            throw ValueError(
                """
                the URL's server speaks \(target.protocol.rawValue) and this option is for \(wire.rawValue): \
                use --\(target.protocol.rawValue), or a URL as in \(example(of: wire))
                """)
        }
        return Route(listen: listen, url: url, target: target)
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
        let wire = route.target.protocol
        let earlier = configuration.listeners.count { $0.protocol == wire }
        let name = earlier == 0 ? wire.rawValue : "\(wire.rawValue)-\(earlier + 1)"
        configuration.listeners.append(
            ListenerConfiguration(name: name, protocol: wire, listen: [route.listen], backend: name))
        var backend = BackendConfiguration(
            name: name, url: route.url, protocol: wire, endpoint: route.target.endpoint)
        if case .host(let host, _) = route.target.endpoint,
            route.target.security == .verified || route.target.security == .unverified
        {
            var tls = BackendTLS(serverName: host)
            tls.verify = route.target.security == .verified
            backend.tls = tls
        }
        configuration.backends.append(backend)
    }
}
