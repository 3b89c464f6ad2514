// Reads steps: what the runner does itself, and the actions of a wire.

/// Reads the steps of cases of one wire.
struct StepReader {
    let driver: any Driver
    let client: String
    /// The names of the masks that there are.
    let masks: Set<String>

    /// Lists inside lists of steps that a case may have.
    private static let deepest = 4
    /// Threads of one `concurrently`.
    static let threadsAtMost = 64

    func steps(_ tree: Tree?, depth: Int = 0) throws(SuiteProblem) -> [Step] {
        guard let tree else { return [] }
        guard let list = tree.list else { throw SuiteProblem(tree, "steps have to be a list") }
        guard depth <= Self.deepest else {
            throw SuiteProblem(tree, "steps are nested more than \(Self.deepest) deep")
        }
        var steps: [Step] = []
        for element in list { steps.append(try step(element, depth: depth)) }
        return steps
    }

    private func step(_ tree: Tree, depth: Int) throws(SuiteProblem) -> Step {
        var keys = try KeyedTree(tree, "a step")
        var step = Step(kind: .restart, line: tree.line)
        _ = try keys.text("note")
        if let name = try keys.text("on") { step.connection = name }
        step.expectation = keys.take("expect")
        if let expectation = step.expectation { try Matcher.check(expectation, types: driver.types) }
        step.saves = try saves(keys.take("save"))
        step.tallies = try tallies(keys.take("tally"))
        step.eventually = try keys.duration("eventually")
        if let within = try keys.duration("within") { step.within = within }
        step.masks = try keys.texts("masks")
        for mask in step.masks where !masks.contains(mask) {
            throw SuiteProblem(tree, "there is no mask \"\(mask)\" in masks.yaml")
        }
        step.varies = try keys.flag("varies")
        step.kind = try kind(&keys, depth: depth)
        return step
    }

    private func kind(_ keys: inout KeyedTree, depth: Int) throws(SuiteProblem) -> Step.Kind {
        let kind = try ownKind(&keys, depth: depth)
        if let kind {
            if case .open = kind { return kind }
            try keys.finish()
            return kind
        }
        let action = Tree(.mapping(keys.rest), line: keys.tree.line, column: keys.tree.column)
        guard keys.rest.contains(where: { driver.actions.contains($0.key) }) else {
            let own = ["wait", "open", "close", "cut", "concurrently", "times", "search", "restart", "set", "check"]
            throw SuiteProblem(
                keys.tree,
                "a step needs an action: one of \((driver.actions.sorted() + own).joined(separator: ", "))")
        }
        try driver.check(action, client: client)
        return .action(action)
    }

    /// What the runner does itself; nil where the step is an action of the wire.
    private func ownKind(_ keys: inout KeyedTree, depth: Int) throws(SuiteProblem) -> Step.Kind? {
        if let duration = try keys.duration("wait") { return .wait(duration) }
        if let name = try keys.text("open") {
            return .open(name, Tree(.mapping(keys.rest), line: keys.tree.line, column: keys.tree.column))
        }
        if let name = try keys.text("close") { return .close(name) }
        if let name = try keys.text("cut") { return .cut(name) }
        if let lists = keys.take("concurrently") { return .concurrently(try branches(lists, depth: depth)) }
        if let count = try keys.integer("times") {
            guard (1...1_000_000).contains(count) else {
                throw SuiteProblem(keys.tree, "times takes 1 to 1000000")
            }
            return .times(Int(count), try steps(keys.take("steps"), depth: depth + 1))
        }
        if let figure = try keys.text("search") { return .search(try search(figure, &keys, depth: depth)) }
        if try keys.flag("restart") { return .restart }
        if let set = keys.take("set") {
            guard let entries = set.entries else { throw SuiteProblem(set, "set takes names with values") }
            return .set(entries)
        }
        if let check = keys.take("check") { return .check(check) }
        return nil
    }

    /// Lists of steps, or one list and how many copies of it run.
    private func branches(_ tree: Tree, depth: Int) throws(SuiteProblem) -> [[Step]] {
        var branches: [[Step]] = []
        if tree.entries != nil {
            var keys = try KeyedTree(tree, "concurrently")
            guard let copies = try keys.integer("copies"), (1...Int64(Self.threadsAtMost)).contains(copies) else {
                throw SuiteProblem(tree, "copies takes 1 to \(Self.threadsAtMost)")
            }
            let steps = try steps(keys.take("steps"), depth: depth + 1)
            try keys.finish()
            branches = Array(repeating: steps, count: Int(copies))
        } else {
            for branch in tree.list ?? [] { branches.append(try steps(branch, depth: depth + 1)) }
        }
        guard (1...Self.threadsAtMost).contains(branches.count) else {
            throw SuiteProblem(tree, "concurrently takes 1 to \(Self.threadsAtMost) lists of steps")
        }
        // A connection belongs to one thread at a time.
        var used: Set<String> = []
        for branch in branches {
            let names = Set(branch.flatMap(\.connections)).subtracting([Step.ownConnection])
            guard used.isDisjoint(with: names) else {
                throw SuiteProblem(
                    tree, "two lists of concurrently use the connection \(used.intersection(names).sorted()[0])")
            }
            used.formUnion(names)
        }
        return branches
    }

    private func search(
        _ figure: String, _ keys: inout KeyedTree, depth: Int
    ) throws(SuiteProblem) -> Step.Search {
        guard let from = try keys.integer("from"), let upTo = try keys.integer("up-to"), from > 0, upTo >= from else {
            throw SuiteProblem(keys.tree, "search needs from: and up-to:, both above 0")
        }
        return Step.Search(
            figure: figure, from: from, upTo: upTo, atLeast: try keys.integer("at-least"),
            steps: try steps(keys.take("steps"), depth: depth + 1))
    }

    private func saves(_ tree: Tree?) throws(SuiteProblem) -> [Step.Save] {
        guard let tree else { return [] }
        if let name = tree.text { return [Step.Save(name: name, path: [])] }
        guard let entries = tree.entries else { throw SuiteProblem(tree, "save takes a name, or names with paths") }
        var saves: [Step.Save] = []
        for entry in entries {
            guard let path = entry.value.text else { throw SuiteProblem(entry.value, "a path has to be text") }
            saves.append(Step.Save(name: entry.key, path: path.split(separator: ".").map(String.init)))
        }
        return saves
    }

    private func tallies(_ tree: Tree?) throws(SuiteProblem) -> [Step.Tally] {
        guard let tree else { return [] }
        guard let entries = tree.entries else { throw SuiteProblem(tree, "tally takes names with expectations") }
        var tallies: [Step.Tally] = []
        for entry in entries {
            try Matcher.check(entry.value, types: driver.types)
            tallies.append(Step.Tally(name: entry.key, expectation: entry.value))
        }
        return tallies
    }
}
