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
            if let finding = readOnly { return [finding] }
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

        /// What is said of a write where there are none.
        private var readOnly: ConfigurationChecks.Finding? {
            guard wire != .redis else { return nil }
            let name = wire == .s3 ? "an S3" : "a PostgreSQL"
            let set = shadow.writes != nil ? "writes" : shadow.scratchKey
            return set.map { finding($0, "a candidate of \(name) listener is only read from: remove this key") }
        }

        private func finding(_ key: String, _ message: String) -> ConfigurationChecks.Finding {
            .init(key: "\(path).\(key)", message: message)
        }
    }
}
