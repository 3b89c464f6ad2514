// A case of a suite: what it proves, what it needs, and its steps.

/// One case.
package struct Case: Sendable {
    /// The suite's name and the case's: `redis/strings/set-nx-leaves-an-existing-key`.
    package var id: String
    package var title: String
    /// The commands, operations or capabilities that it proves.
    package var proves: [String]
    /// The public document that promises it.
    package var source: String
    package var wire: Target.Wire
    /// The client of its connections.
    package var client: String
    /// How its connections are opened, in the wire's own words.
    package var connection: Tree?
    package var tags: [String]
    package var needs: Needs
    /// What the driver makes before the case.
    package var scope: Tree?
    /// Whether nothing else may run beside it.
    package var isExclusive: Bool
    /// When it is cut.
    package var within: Duration
    package var steps: [Step]
    package var cleanup: [Step]
    package var file: String
    package var line: Int
}

/// What a target has to have for a case to make sense.
package struct Needs: Sendable, Equatable {
    /// Bounds of the version, such as `>=7.0`; all have to hold.
    package var version: [VersionBound] = []
    package var product: String?
    package var features: [String] = []
    /// The whole server is the run's.
    package var scratch = false
    /// The run knows how to restart the target.
    package var restart = false
    /// The case waits for time to pass.
    package var clock = false
    package var tls = false
    package var secondTarget = false
}

/// One step.
package struct Step: Sendable {
    package indirect enum Kind: Sendable {
        /// An action of the wire: the mapping's keys that are not the runner's.
        case action(Tree)
        case wait(Duration)
        case open(String, Tree)
        case close(String)
        case cut(String)
        case concurrently([[Step]])
        case times(Int, [Step])
        case search(Search)
        case restart
        case set([Tree.Entry])
        case check(Tree)
    }

    /// A search for the largest size at which steps hold.
    package struct Search: Sendable {
        package var figure: String
        package var from: Int64
        package var upTo: Int64
        /// What the document promises; a smaller finding differs from it.
        package var atLeast: Int64?
        package var steps: [Step]
    }

    package struct Save: Sendable, Equatable {
        package var name: String
        /// Names and places that lead to a part of the answer; empty for the whole.
        package var path: [String]
    }

    package struct Tally: Sendable {
        package var name: String
        package var expectation: Tree
    }

    package var kind: Kind
    /// The connection's name; ``ownConnection`` where the step names none.
    package var connection = Step.ownConnection
    package var expectation: Tree?
    package var saves: [Save] = []
    package var tallies: [Tally] = []
    /// How long the action is done again until the expectation holds.
    package var eventually: Duration?
    package var within: Duration = .seconds(5)
    package var masks: [String] = []
    package var varies = false
    package var line: Int
}

extension Step {
    /// The connection of a step that names none: the case's first, and in a list of `concurrently` that list's own.
    package static let ownConnection = "main"

    /// The names of the connections that the step and the steps in it use.
    var connections: [String] {
        switch kind {
        case .action: [connection]
        case .open(let name, _), .close(let name), .cut(let name): [name]
        case .concurrently(let branches): branches.flatMap { $0.flatMap(\.connections) }
        case .times(_, let steps): steps.flatMap(\.connections)
        case .search(let search): search.steps.flatMap(\.connections)
        case .wait, .restart, .set, .check: []
        }
    }
}

/// One suite file.
package struct Suite: Sendable {
    package var name: String
    package var about: String
    package var cases: [Case]
}
