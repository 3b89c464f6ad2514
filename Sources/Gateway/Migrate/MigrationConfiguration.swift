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

    /// What the route takes whose keys move (Redis), which for the listener's own is nothing in particular; nil: all that the
    /// listener leads to.
    package var route: RouteMatch?

    package static let largestRequestDefault = Int64(S3Limits.upload.maximum)
    /// "Amazon S3 multipart upload limits": of every part but the last.
    static let largestRequestRange = 5 << 20...Int64(S3Limits.upload.maximum)

    package init(target: String, state: String) {
        self.target = target
        self.state = state
    }
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
        let route = movingRoute(section)
        guard let target, let state else { return nil }
        if checkingFiles, let problem = MigrationFile(path: absolute(state)).folderProblem {
            add(problem, at: section.path(of: .migrationState))
        }
        var migration = MigrationConfiguration(target: target, state: absolute(state))
        migration.largestRequest = largest ?? migration.largestRequest
        migration.route = route
        return migration
    }

    /// What the route takes that is to move: its prefix, or a mapping of all that it goes by.
    private mutating func movingRoute(_ parent: ConfigurationSection) -> RouteMatch? {
        guard let node = value(.migrationRoute, in: parent) else { return nil }
        let path = parent.path(of: .migrationRoute)
        guard case .mapping = node else {
            return text(node, of: .migrationRoute, path: path).map { RouteMatch(prefix: $0) }
        }
        guard let section = section(node, path: path, as: .migrationRoute) else { return nil }
        let match = RouteMatch(
            prefix: text(.migrationRoutePrefix, in: section),
            database: wholeNumber(.migrationRouteDatabase, in: section),
            user: text(.migrationRouteUser, in: section))
        let isRest = boolean(.migrationRouteRest, in: section) ?? false
        if isRest != match.isCatchAll {
            add("expected what the route goes by (prefix, database, user), or all-else: true by itself", at: path)
        }
        return match
    }
}
