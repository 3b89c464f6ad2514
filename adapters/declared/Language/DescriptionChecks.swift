// What is wrong with a file although every key of it can be read.

import Capabilities

/// Checks that compare one part of a file with another.
struct DescriptionChecks {
    private let file: AdapterDescription
    private let program: Program
    private let problems: ProblemList

    init(_ file: AdapterDescription, _ program: Program, _ problems: ProblemList) {
        self.file = file
        self.program = program
        self.problems = problems
    }

    func run() {
        checkTransport()
        checkMessages()
        CapabilityChecks(file, problems).run()
        let inputs = InputChecks(problems: problems) { [slots = program.slots] in slots.contains($0) }
        for operation in file.operations {
            check(operation)
            inputs.check(operation)
        }
        checkLogin()
        checkExpiry()
    }

    private var isHTTP: Bool { if case .http = file.framing { true } else { false } }
    private var lineEnd: [UInt8]? { if case .lines(let end, _) = file.framing { end } else { nil } }

    private func checkTransport() {
        let place = DocumentPlace(line: 0, column: 0, path: "transport.schemes")
        for scheme in file.transport.schemes where scheme != "unix" {
            if isHTTP != scheme.hasPrefix("http") {
                problems.add(
                    place,
                    isHTTP
                        ? "with `framing: http` the schemes are http, https and unix, got \(scheme)"
                        : "the scheme \(scheme) goes with `framing: http` only")
            }
        }
        if file.name.isEmpty || !file.name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }) {
            problems.add(
                DocumentPlace(line: 1, column: 1, path: "adapter"),
                "a name has letters, digits and -, got \"\(file.name)\"")
        }
    }

    private func checkMessages() {
        for message in file.messages {
            if message.line != nil, lineEnd == nil {
                problems.add(message.place, "`line` goes with lines and delimiters; here a message is known by `when`")
            }
            if message.body != nil, message.line == nil {
                problems.add(message.place, "`body` needs a `line` that says how long it is")
            }
        }
        let open = file.messages.dropLast().first { $0.line == nil && $0.condition == nil }
        if let open {
            problems.add(
                open.place, "every message fits this one, so that those behind it are never found; put it last")
        }
    }

    // MARK: Operations

    private func check(_ operation: OperationDescription) {
        let shape = operation.shape
        if file.manifest[shape.capability].support == .refused {
            problems.add(
                operation.place,
                "\(shape.name) is mapped, but capabilities does not say `\(shape.capability.name): native`; add it there"
            )
        }
        if operation.steps.isEmpty {
            problems.add(operation.place, "the operation sends nothing; give `send` or `steps`")
        }
        for (index, step) in operation.steps.enumerated() {
            let isLast = index == operation.steps.count - 1
            let goesOn = step.rules.contains { $0.rules.contains { $0.outcome == .next } }
            if !isLast, !goesOn {
                problems.add(step.place, "no reply of this step is `next`, so the steps behind it are never done")
            }
            if isLast, goesOn, operation.steps.count == 1 {
                problems.add(step.place, "`next` goes on with another step, and there is none")
            }
            if step.send == nil { problems.add(step.place, "the key \"send\" is missing") }
            SafetyChecks(file, problems).check(step, shape)
        }
        checkReplies(operation)
        checkOutputs(operation)
        checkListeners(operation)
        if let prefix = operation.prefix, ![.lock, .queue, .sequence].contains(shape.capability.family) {
            problems.add(
                prefix.place,
                "`prefix` goes with locks, queues and sequences; for keys there is `keys: { prefix: … }`")
        }
        if operation.isStream, !isHTTP || !shape.name.hasPrefix("subscribe") {
            problems.add(operation.place, "`stream` goes with subscriptions over HTTP only")
        }
        if operation.pages != nil, !["keys", "object.list"].contains(shape.name) {
            problems.add(operation.place, "`pages` goes with the operations keys and object.list only")
        }
    }

    private func checkReplies(_ operation: OperationDescription) {
        guard let compiled = program[operation.shape.name] else { return }
        for (step, described) in zip(compiled.steps, operation.steps) {
            let means = step.rules.contains { rules in
                rules.contains { ![.more, .ignored, .push].contains($0.outcome) && !$0.outcome.isError }
            }
            if !means {
                problems.add(
                    described.place,
                    "no message answers this: say under `replies` or `expects` which one means result, missing or conflict"
                )
            }
        }
    }

    private func checkOutputs(_ operation: OperationDescription) {
        guard let compiled = program[operation.shape.name] else { return }
        var needs = operation.shape.needs
        // For several items, one result says nothing of how many.
        if operation.takesSeveral, operation.shape.outputs.contains(.number), operation.shape.items != .parameters {
            needs.append([.number])
        }
        for group in needs {
            let isThere = compiled.steps.contains { step in
                step.rules.contains { rules in
                    rules.contains { rule in rule.outputs.contains { group.contains($0.output) } }
                }
            }
            if !isThere {
                problems.add(
                    operation.place,
                    "\(operation.shape.name) gives \(group.map(\.spelling).joined(separator: " or ")), and no message has a field of that name; "
                        + "name it so, or say `{ is: result, \(group[0].spelling): FIELD }`")
            }
        }
    }

    /// A server counts subscriptions, and many clients share one here.
    private func checkListeners(_ operation: OperationDescription) {
        guard operation.shape.name == "publish", !file.manifest[.busPublish].weakenings.contains(.partial),
            let compiled = program["publish"],
            compiled.steps.contains(where: {
                $0.rules.contains { $0.contains { $0.outputs.contains { $0.output == .number } } }
            })
        else { return }
        problems.add(
            operation.place,
            "the `number` that the server tells is that of its subscriptions, which the clients of a worker share: say `weakenings: "
                + "[partial]` at bus.publish, or give the field another name")
    }

    private func checkLogin() {
        for (index, step) in file.login.enumerated() where index < file.login.count - 1 {
            let goesOn = step.rules.contains { $0.rules.contains { $0.outcome == .next } }
            if !goesOn {
                problems.add(step.place, "no reply of this step is `next`, so the steps behind it are never done")
            }
        }
    }

    private func checkExpiry() {
        let ttl = file.manifest[.keyValueTTL]
        if file.expiry.roundsUp, ttl.support != .refused, !ttl.weakenings.contains(.wholeSeconds) {
            problems.add(
                file.capabilityPlaces[.keyValueTTL] ?? DocumentPlace(),
                "`expiry: { fraction: up }` changes what the client asked for: say `weakenings: [whole-seconds]` at kv.ttl"
            )
        }
        for operation in file.operations where operation.shape.name.hasPrefix("set") && operation.mentions("expiry") {
            if !operation.shape.name.hasSuffix("-with-expiry"), !file.expiry.saysNever {
                problems.add(
                    operation.place,
                    "it writes {expiry} for values without one too: say what stands for none, `expiry: { never: 0 }`")
            }
        }
        for operation in file.operations where operation.shape.name.hasSuffix("-with-expiry") {
            if !operation.mentions("expiry") {
                problems.add(operation.place, "nothing that is sent has {expiry} in it")
            }
        }
    }
}
