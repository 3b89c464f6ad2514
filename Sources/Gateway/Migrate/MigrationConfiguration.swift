// Where a listener's data is to move, as the configuration says it.

import Migration
import S3Wire
import Yams

/// The backend that a listener's data moves to, and the file that says how far it is.
package struct MigrationConfiguration: Sendable, Equatable {
    /// The name of the target.
    package var target: String
    /// The file's path.
    package var state: String
    /// The largest object that goes in one request (S3), in bytes; others go in parts.
    package var largestRequest = MigrationConfiguration.largestRequestDefault

    /// The prefix of the route whose keys move (Redis); nil: all that the listener leads to.
    package var route: String?

    package static let largestRequestDefault = Int64(S3Limits.upload.maximum)
    /// "Amazon S3 multipart upload limits": of every part but the last.
    static let largestRequestRange = 5 << 20...Int64(S3Limits.upload.maximum)

    package init(target: String, state: String) {
        self.target = target
        self.state = state
    }
}

extension ConfigurationKey {
    static let migrationKeys = [
        migration, migrationTarget, migrationState, migrationRoute, migrationLargestRequest,
    ]

    static let migration = ConfigurationKey(
        "listeners.NAME.migrate", .section, default: .described("none"),
        """
        Redis and S3: has everything ready for moving the data to another backend with `fairlead migrate`, while clients go on. \
        See [Moving](#moving).
        """)
    static let migrationTarget = ConfigurationKey(
        "listeners.NAME.migrate.to", .backendName, default: .required,
        "Where the data goes: a backend of the same protocol, or one with an adapter. Its `login` is used for copying.")
    static let migrationState = ConfigurationKey(
        "listeners.NAME.migrate.state", .text, default: .required,
        """
        The file that says who serves, and that a restart goes by: keep it as safe as the data. A relative path begins at \
        the configuration file's folder.
        """)
}

extension ConfigurationKey {
    static let migrationRoute = ConfigurationKey(
        "listeners.NAME.migrate.route", .text, default: .described("all, of a listener without routes"),
        """
        Redis with `routes`: the `prefix` of the route whose keys move, and which leads to the target from the cut-over on. \
        One at a time.
        """)
    static let migrationLargestRequest = ConfigurationKey(
        "listeners.NAME.migrate.largest-request", .size,
        default: .value(SizeText.render(Int(MigrationConfiguration.largestRequestDefault))),
        """
        S3: an object above this size goes to the other place in parts; at least `5MiB`. For servers, and whatever stands before them, \
        that take less than S3 does.
        """)
}

extension ConfigurationDecoder {
    /// Where a listener's data is to move; nil when nowhere, or a needed part could not be read.
    mutating func migration(_ parent: ConfigurationSection) -> MigrationConfiguration? {
        guard let section = section(.migration, in: parent) else { return nil }
        let target = text(.migrationTarget, in: section)
        let state = text(.migrationState, in: section)
        let largest = parsed(.migrationLargestRequest, in: section) { text throws(ValueError) in
            let size = Int64(try SizeText.parse(text))
            guard MigrationConfiguration.largestRequestRange.contains(size) else {
                throw ValueError("expected a size from 5MiB to 5GiB, got \"\(text)\"")
            }
            return size
        }
        let route = text(.migrationRoute, in: section)
        guard let target, let state else { return nil }
        if checkingFiles, let problem = MigrationFile(path: absolute(state)).folderProblem {
            add(problem, at: section.path(of: .migrationState))
        }
        var migration = MigrationConfiguration(target: target, state: absolute(state))
        migration.largestRequest = largest ?? migration.largestRequest
        migration.route = route
        return migration
    }
}

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
        if let prefix = migration.route {
            let found = MigrationRouteChecks.findings(
                prefix, listener, migration, in: configuration, declared: declared)
            if !found.isEmpty { return found }
        } else if !listener.routes.isEmpty {
            return finding(
                "", "a listener with routes has its data in several places: name one of them with route, by its prefix")
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
