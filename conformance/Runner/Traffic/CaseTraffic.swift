// What a case sends, step by step, read from its suite alone.

/// One request of a case, and the step that sends it.
package struct SentRequest: Sendable {
    /// The step's line in the suite's file; that of the case for what opens its connections.
    package var line: Int
    package var request: CaseRequest
    /// Whether the case looks at what comes back.
    package var isChecked: Bool
}

extension Case {
    /// All that it sends, in the order of its steps; loops and branches are gone through once.
    package var requests: [SentRequest] { CaseTraffic(self).requests }
}

/// The walk through the steps of one case.
private struct CaseTraffic {
    private(set) var requests: [SentRequest] = []
    private var variables: [String: String]
    private let client: String
    private let writer: any RequestWriter

    /// Bytes of a made-up payload: none is larger here, because what is asked for does not depend on it.
    private static let payload: Int64 = 256

    /// A wire whose requests cannot be written down has none.
    init(_ one: Case) {
        client = one.client
        variables = ["run": "run", "case": one.id, "host": "localhost", "port": "1", "i": "0", "branch": "0"]
        guard let driver = Drivers.all.first(where: { $0.wire == one.wire.rawValue }),
            let writer = driver as? any RequestWriter
        else {
            self.writer = SilentWriter()
            return
        }
        self.writer = writer
        variables.merge(driver.variables(of: Scope(run: "run", number: 1, name: one.id, options: one.scope))) { $1 }
        open(one.connection, line: one.line)
        add(one.steps)
    }

    private mutating func add(_ steps: [Step]) {
        for step in steps {
            switch step.kind {
            case .action(let action): act(action, step)
            case .open(_, let options): open(options, line: step.line)
            case .concurrently(let branches): for branch in branches { add(branch) }
            case .times(_, let steps): add(steps)
            case .search(let search):
                variables["size"] = "\(search.from)"
                add(search.steps)
            case .set(let entries):
                for entry in entries { if let text = filled(entry.value)?.text { variables[entry.key] = text } }
            case .wait, .close, .cut, .restart, .check: break
            }
        }
    }

    private mutating func act(_ action: Tree, _ step: Step) {
        guard let action = filled(action)?.withSmallPayloads(of: Self.payload) else { return }
        // An answer that is read by a later step is looked at there.
        let isChecked = step.expectation != nil || !step.tallies.isEmpty || !step.saves.isEmpty || action["post"] != nil
        guard let sent = try? writer.requests(of: action, client: client, expecting: step.expectation) else { return }
        requests += sent.map { SentRequest(line: step.line, request: $0, isChecked: isChecked) }
    }

    private mutating func open(_ options: Tree?, line: Int) {
        let filled = options.flatMap { self.filled($0) }
        guard let sent = try? writer.opening(filled, client: client) else { return }
        requests += sent.map { SentRequest(line: line, request: $0, isChecked: true) }
    }

    /// The tree with every variable replaced; what only a server could tell is `1`.
    private mutating func filled(_ tree: Tree) -> Tree? {
        while true {
            do throws(UnknownVariable) { return try Variables.fill(tree, variables) } catch {
                guard variables[error.name] == nil else { return nil }
                variables[error.name] = "1"
            }
        }
    }
}

/// Of a wire without requests.
private struct SilentWriter: RequestWriter {
    func requests(of action: Tree, client: String, expecting expectation: Tree?) -> [CaseRequest] { [] }
    func opening(_ options: Tree?, client: String) -> [CaseRequest] { [] }
}

extension Tree {
    /// The same with made-up payloads of `size` bytes at most.
    fileprivate func withSmallPayloads(of size: Int64) -> Tree {
        var tree = self
        switch content {
        case .text: break
        case .list(let trees): tree.content = .list(trees.map { $0.withSmallPayloads(of: size) })
        case .mapping(let entries):
            let isMadeUp = tag == "fill" || tag == "random"
            tree.content = .mapping(
                entries.map { entry in
                    guard isMadeUp, entry.key == "size", (entry.value.integer ?? 0) > size else {
                        return Entry(key: entry.key, value: entry.value.withSmallPayloads(of: size))
                    }
                    return Entry(key: entry.key, value: Tree(.text("\(size)", isQuoted: false)))
                })
        }
        return tree
    }

    /// Whether an error of the wire is what is expected, alone or among other things.
    var expectsError: Bool { tag == "error" || (list ?? []).contains(where: \.expectsError) }
}
