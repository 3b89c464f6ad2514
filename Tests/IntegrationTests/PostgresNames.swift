// The metric labels of the PostgreSQL front's commands.

import Gateway

enum PostgresNames {
    /// Indices in a listener's metrics, by name.
    static let all: [String: Int] = {
        var indices: [String: Int] = [:]
        for (index, name) in PostgresFront().commandNames.enumerated() { indices[name] = index }
        return indices
    }()
}
