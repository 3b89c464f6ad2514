// Which listeners can be moved, and where to.

/// Checks `migrate`.
enum MigrationChecks {
    static func findings(
        _ listener: ListenerConfiguration, in configuration: Configuration, declared: [String]
    ) -> [ConfigurationChecks.Finding] {
        guard let migration = listener.migration else { return [] }
        let path = "listeners.\(listener.name).migrate"
        func finding(_ key: String, _ message: String) -> [ConfigurationChecks.Finding] {
            [.init(key: key.isEmpty ? path : "\(path).\(key)", message: message)]
        }
        guard listener.protocol != .postgres else {
            return finding("", "only the data of Redis and S3 listeners can be moved: remove this key")
        }
        if listener.protocol != .s3, migration.largestRequest != MigrationConfiguration.largestRequestDefault {
            return finding("largest-request", "only objects go in parts: remove this key")
        }
        if let match = migration.route {
            let found = MigrationRouteChecks.findings(
                match, listener, migration, in: configuration, declared: declared)
            if !found.isEmpty { return found }
        } else if !listener.routes.isEmpty {
            return finding(
                "",
                """
                a listener with routes has its data in several places: name the one that moves with route, by what its entry goes by \
                ({ database: 3 }), or { all-else: true } for what no route takes
                """)
        }
        let source = listener.allRoutes[listener.movingPlace].backend
        if listener.shadow != nil {
            return finding(
                "", "a shadow compares with the source, also once the target serves: remove shadow while data is moved")
        }
        let other = configuration.listeners.first { other in
            other.name != listener.name && other.allRoutes.contains { $0.backend == source }
        }
        if let other {
            return finding(
                "",
                """
                listener \"\(other.name)\" leads to \"\(source)\" too, and nobody would note what is written there: lead it \
                through this listener, or remove it while data is moved
                """)
        }
        if migration.target == source {
            return finding("to", "the listener leads to \"\(migration.target)\" already: name the backend to move to")
        }
        if configuration.privateBackend(named: migration.target) != nil {
            // Who asks clients then has to be known now.
            guard configuration.privateBackend(named: source) == nil else { return [] }
            return ConfigurationChecks.entry(listener)
        }
        guard let target = configuration.backend(named: migration.target) else {
            if declared.contains(migration.target) { return [] }
            return [ConfigurationChecks.unknown(migration.target, at: "\(path).to", declared: declared)]
        }
        if target.protocol != listener.protocol {
            return finding(
                "to",
                "the listener speaks \(listener.protocol.rawValue) and \"\(target.name)\" speaks \(target.protocol.rawValue)"
            )
        }
        return []
    }
}
