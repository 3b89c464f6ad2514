// The checks of a listener's shadow against the backends and the listener.

/// Checks the shadows of listeners.
enum ShadowChecks {
    /// Every finding about the shadow of `listener`.
    static func findings(
        _ listener: ListenerConfiguration, in configuration: Configuration, declared: [String]
    ) -> [ConfigurationChecks.Finding] {
        guard let shadow = listener.shadow else { return [] }
        let path = "listeners.\(listener.name).shadow"
        if listener.protocol != .redis {
            let wire = listener.protocol == .s3 ? "an S3" : "a PostgreSQL"
            for (key, isSet) in [("writes", shadow.writes != nil), (shadow.scratchKey ?? "", shadow.scratch != nil)]
            where isSet {
                return [
                    .init(
                        key: "\(path).\(key)",
                        message: "a candidate of \(wire) listener is only read from: remove this key")
                ]
            }
        }
        var findings: [ConfigurationChecks.Finding] = []
        if listener.allRoutes.contains(where: { $0.backend == shadow.backend }) {
            findings.append(
                .init(
                    key: "\(path).backend",
                    message: """
                        the listener leads to \"\(shadow.backend)\" itself, and would compare it with itself: name another \
                        backend
                        """))
        }
        if configuration.privateBackend(named: shadow.backend) != nil { return findings }
        guard let candidate = configuration.backend(named: shadow.backend) else {
            if declared.contains(shadow.backend) { return findings }
            return findings + [ConfigurationChecks.unknown(shadow.backend, at: "\(path).backend", declared: declared)]
        }
        if candidate.protocol != listener.protocol {
            findings.append(
                .init(
                    key: "\(path).backend",
                    message: """
                        the listener speaks \(listener.protocol.rawValue) and candidate \"\(candidate.name)\" speaks \
                        \(candidate.protocol.rawValue): it is sent what the clients send, so both must speak the same
                        """))
        }
        if candidate.topology.isCluster, case .database = shadow.scratch {
            findings.append(
                .init(
                    key: "\(path).scratch-database",
                    message: "a cluster has one database only: write scratch-prefix, or name another candidate"))
        }
        return findings
    }
}
