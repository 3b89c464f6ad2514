// What is wrong with an adapter file: every problem, each with its place.

/// One thing that is wrong with an `adapter.yaml`.
public struct AdapterProblem: Sendable, Equatable, CustomStringConvertible {
    /// The file's path, as it was given.
    public var file: String
    /// From 1; zero when the problem concerns the file itself.
    public var line: Int
    /// From 1, counted in Unicode scalars.
    public var column: Int
    /// The dotted path of the key, such as `operations.get.send`.
    public var key: String
    /// What was expected, what came, and what to do.
    public var message: String

    /// `FILE:LINE:COLUMN: KEY: MESSAGE`, the form that editors and terminals turn into a link.
    public var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return key.isEmpty ? "\(place): \(message)" : "\(place): \(key): \(message)"
    }
}

/// Every problem of one file, in the order of their places.
public struct AdapterFileError: Error, Sendable, Equatable, CustomStringConvertible {
    public var problems: [AdapterProblem]

    public var description: String { problems.map(\.description).joined(separator: "\n") }

    /// Whether the file could not be read at all.
    public var isOfFile: Bool { problems.allSatisfy { $0.line == 0 } }
}

/// Collects problems while a file is read, so that all of them are reported at once.
final class ProblemList {
    let file: String
    private(set) var problems: [AdapterProblem] = []

    init(file: String) { self.file = file }

    func add(_ place: DocumentPlace, _ message: String) {
        let problem = AdapterProblem(
            file: file, line: place.line, column: place.column, key: place.path, message: message)
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// The problems in the order of their places.
    var sorted: [AdapterProblem] {
        problems.sorted { ($0.line, $0.column, $0.message) < ($1.line, $1.column, $1.message) }
    }
}
