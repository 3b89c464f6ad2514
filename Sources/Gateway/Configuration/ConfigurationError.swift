// What is wrong with a configuration: every problem, each with its place and its key.

/// One thing that is wrong with a configuration.
package struct ConfigurationProblem: Sendable, Equatable {
    /// The file's path, or the command-line option that carried the value.
    package var source: String
    /// The line in the file, from 1; nil when the problem has no place in a file.
    package var line: Int?
    /// The column in the line, from 1, counted in Unicode scalars.
    package var column: Int?
    /// The dotted path of the key, such as `listeners.cache.listen`; empty when the problem concerns the file itself.
    package var key: String
    /// What was expected, what came, and what to do.
    package var message: String
}

extension ConfigurationProblem: CustomStringConvertible {
    /// `FILE:LINE:COLUMN: KEY: MESSAGE`, the form that editors and terminals turn into a link.
    package var description: String {
        var place = source
        if let line, let column { place += ":\(line):\(column)" }
        return key.isEmpty ? "\(place): \(message)" : "\(place): \(key): \(message)"
    }
}

/// Every problem of one configuration, in the order of their places.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    package var problems: [ConfigurationProblem]

    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// Why a single value was refused, before it is known where the value stood.
struct ValueError: Error, Equatable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}
