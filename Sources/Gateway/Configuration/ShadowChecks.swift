// The checks of shadows against the backends and the listeners.

/// Checks the shadows of listeners and their routes.
enum ShadowChecks {
    /// Every finding about the shadows of `listener`.
    static func findings(
        _ listener: ListenerConfiguration, in configuration: Configuration, declared: [String]
    ) -> [ConfigurationChecks.Finding] {
        var findings: [ConfigurationChecks.Finding] = []
        let path = "listeners.\(listener.name)"
        if let shadow = listener.shadow {
            let compared = listener.allRoutes.filter { $0.shadow == nil }.map(\.backend)
            let check = Check(
                shadow: shadow, path: "\(path).shadow", owner: "the listener", compared: compared,
                wire: listener.protocol, configuration: configuration, declared: declared)
            findings += check.findings
        }
        for (index, route) in listener.routes.enumerated() {
            guard let shadow = route.shadow else { continue }
            let check = Check(
                shadow: shadow, path: "\(path).routes[\(index)].shadow", owner: "the route", compared: [route.backend],
                wire: listener.protocol, configuration: configuration, declared: declared)
            findings += check.findings
        }
        return findings
    }

    /// One shadow, with what it is compared with.
    private struct Check {
        let shadow: ShadowConfiguration
        /// Where it stands in the configuration.
        let path: String
        /// Whose it is, in words.
        let owner: String
        /// The backends that its candidate is compared with.
        let compared: [String]
        let wire: WireProtocol
        let configuration: Configuration
        let declared: [String]

        var findings: [ConfigurationChecks.Finding] {
            if let finding = place { return [finding] }
            var findings: [ConfigurationChecks.Finding] = []
            if compared.contains(shadow.backend) {
                findings.append(
                    finding(
                        "backend",
                        """
                        \(owner) leads to \"\(shadow.backend)\" itself, and would compare it with itself: name another \
                        backend
                        """))
            }
            if configuration.privateBackend(named: shadow.backend) != nil { return findings }
            guard let candidate = configuration.backend(named: shadow.backend) else {
                if declared.contains(shadow.backend) { return findings }
                return findings + [
                    ConfigurationChecks.unknown(shadow.backend, at: "\(path).backend", declared: declared)
                ]
            }
            if candidate.protocol != wire {
                findings.append(
                    finding(
                        "backend",
                        """
                        the listener speaks \(wire.rawValue) and candidate \"\(candidate.name)\" speaks \
                        \(candidate.protocol.rawValue): it is sent what the clients send, so both must speak the same
                        """))
            }
            if candidate.topology.isCluster, case .database = shadow.scratch {
                findings.append(
                    finding(
                        "scratch-database",
                        "a cluster has one database only: write scratch-prefix, or name another candidate"))
            }
            return findings
        }

        /// What is said of a place for writes that the protocol has not got.
        private var place: ConfigurationChecks.Finding? {
            switch (wire, shadow.scratch) {
            case (.redis, .bucket):
                return finding("scratch-bucket", "Redis has no buckets: write scratch-prefix or scratch-database")
            case (.redis, .schema):
                return finding("scratch-schema", "Redis has no schemas: write scratch-prefix or scratch-database")
            case (.redis, _), (.s3, .bucket), (.postgres, .copy), (.postgres, .schema): return nil
            case (.s3, _):
                guard let key = shadow.scratchKey ?? (shadow.writes == nil ? nil : "writes") else { return nil }
                return finding(
                    key,
                    "a candidate of an S3 listener is only read from, but for a scratch-bucket: write that, or remove this key"
                )
            case (.postgres, _):
                guard let key = shadow.scratchKey ?? (shadow.writes == nil ? nil : "writes") else { return nil }
                return finding(
                    key,
                    "a candidate of a PostgreSQL listener is only read from, but for a scratch-database or a scratch-schema: write one, or remove this key"
                )
            }
        }

        private func finding(_ key: String, _ message: String) -> ConfigurationChecks.Finding {
            .init(key: "\(path).\(key)", message: message)
        }
    }
}
