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
        checkCapabilities()
        for operation in file.operations { check(operation) }
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

    // MARK: Capabilities

    /// What a capability needs to be mapped: one of the shapes.
    private static let shapes: [Capability: [String]] = [
        .keyValueGet: ["get"], .keyValueSet: ["set"], .keyValueDelete: ["delete"], .keyValueExists: ["exists", "get"],
        .keyValueScan: ["keys"], .keyValueCount: ["count"], .keyValueRandom: ["keys"],
        .keyValueType: ["exists", "get"],
        .keyValueTTL: [
            "set", "set-with-expiry", "set-keeping-expiry", "expire", "expiry", "persist", "get-and-expire",
        ],
        .keyValueConditionalSet: ["set-if-absent", "set-if-present"], .keyValueCompareAndSet: ["set-if-version"],
        .keyValueExchange: ["get-and-delete"], .keyValueIncrement: ["increment"], .keyValueAppend: ["append"],
        .keyValueRange: ["length"], .keyValueClear: ["clear"], .keyValueMultiKey: ["get-many", "get"],
        .busPublish: ["publish"], .busSubscribe: ["subscribe"], .busPattern: ["subscribe-prefix"],
        .lockAcquire: ["acquire"], .lockRelease: ["release"], .lockExtend: ["extend"], .queuePut: ["put"],
        .queueReserve: ["reserve"], .queueAcknowledge: ["acknowledge"], .queueRelease: ["release-item"],
        .sequenceNext: ["next"],
    ]

    private func checkCapabilities() {
        let mapped = Set(file.operations.map(\.shape.name))
        for (capability, place) in file.capabilityPlaces {
            let support = file.manifest[capability].support
            if support == .ignored, !capability.canBeIgnored {
                problems.add(
                    place,
                    "\(capability.name) cannot be ignored: whoever asks for it waits for an answer that means something"
                )
            }
            guard support == .native || support == .emulated else { continue }
            guard let shapes = Self.shapes[capability] else {
                problems.add(
                    place,
                    "a file cannot map \(capability.name); leave it out, or write an adapter in Swift or out of process"
                )
                continue
            }
            if mapped.isDisjoint(with: shapes) {
                let names = shapes.map { "\"\($0)\"" }.joined(separator: " or ")
                problems.add(
                    place,
                    "\(capability.name) is \(support.rawValue), but operations has no \(names); map one or leave it out"
                )
            }
        }
        if file.manifest[.keyValueCompareAndSet].support != .refused, mapped.contains("set-if-version"),
            !mapped.contains("get-versioned")
        {
            problems.add(
                file.capabilityPlaces[.keyValueCompareAndSet] ?? DocumentPlace(),
                "kv.compare-and-set needs \"get-versioned\" too: who sets by a version has to read it first")
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
            checkLineSafety(step, shape)
        }
        checkReplies(operation)
        checkOutputs(operation)
        if let prefix = operation.prefix, ![.lock, .queue, .sequence].contains(shape.capability.family) {
            problems.add(
                prefix.place,
                "`prefix` goes with locks, queues and sequences; for keys there is `keys: { prefix: … }`")
        }
        if operation.isStream, !isHTTP || !shape.name.hasPrefix("subscribe") {
            problems.add(operation.place, "`stream` goes with subscriptions over HTTP only")
        }
        if operation.pages != nil, shape.name != "keys" {
            problems.add(operation.place, "`pages` goes with the operation keys only")
        }
    }

    private func checkReplies(_ operation: OperationDescription) {
        guard let compiled = program[operation.shape.name] else { return }
        for (step, described) in zip(compiled.steps, operation.steps) {
            let means = step.rules.contains { rules in
                rules.contains { ![.more, .ignored, .push, .fatal, .retryable, .tooLarge].contains($0.outcome) }
            }
            if !means {
                problems.add(
                    described.place,
                    "no message answers this: say under `replies` or `expects` which one means result, missing or conflict"
                )
            }
        }
    }

    /// The outputs without which an answer is none.
    private static let needed: [String: [Output]] = [
        "get": [.value], "get-versioned": [.value, .version], "get-many": [.name, .value], "get-and-expire": [.value],
        "get-and-delete": [.value], "keys": [.names], "count": [.number], "append": [.number], "length": [.number],
        "increment": [.number], "put": [.id], "reserve": [.id, .payload], "next": [.number],
    ]

    private func checkOutputs(_ operation: OperationDescription) {
        guard let needed = Self.needed[operation.shape.name], let compiled = program[operation.shape.name] else {
            return
        }
        for output in needed {
            let isThere = compiled.steps.contains { step in
                step.rules.contains { rules in rules.contains { rule in rule.outputs.contains { $0.output == output } }
                }
            }
            if !isThere {
                problems.add(
                    operation.place,
                    "\(operation.shape.name) gives \(output.spelling), and no message has a field of that name; name it so, or say "
                        + "`{ is: result, \(output.spelling): FIELD }`")
            }
        }
    }

    /// In lines, what a client chose must not end the line or the word.
    private func checkLineSafety(_ step: StepDescription, _ shape: OperationShape) {
        guard let end = lineEnd, let send = step.send else { return }
        let names = ["key", "name", "channel", "queue", "prefix"]
        var hasText = false
        var lastText: Template?
        for part in send.parts {
            guard case .template(let template) = part else {
                lastText = nil
                continue
            }
            hasText = true
            lastText = template
            for (name, filters) in template.placeholders where filters.isEmpty {
                let isName = names.contains(name) && shape.inputs.contains { $0.spelling == name || $0 == .keys }
                if isName, !file.keys.escapesOthers || file.keys.allowsAll,
                    end.contains(where: { file.keys.allowed[Int($0)] }) || file.keys.allowed[0x20]
                {
                    problems.add(
                        template.place,
                        "{\(name)} could hold a space or the end of a line, and with them another command; say which bytes it may "
                            + "have: `keys: { allowed: printable, others: percent }`")
                }
                let isFree = ["value", "payload", "owner"].contains(name)
                if isFree, !send.mentionsLength(of: name) {
                    problems.add(
                        template.place,
                        "{\(name)} can hold any bytes, the end of a line too; send {\(name).length} before it, or write it through "
                            + "a filter such as base64 or escaped")
                }
            }
        }
        if hasText, let lastText, !lastText.ends(with: end) {
            problems.add(
                lastText.place,
                "what is sent does not end with the end mark of lines; in YAML, \\r\\n needs double quotes")
        }
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

extension Template {
    /// Whether fixed text at its end is `end`.
    func ends(with end: [UInt8]) -> Bool {
        guard case .literal(let bytes)? = parts.last else { return false }
        return bytes.suffix(end.count).elementsEqual(end)
    }

    /// All placeholders, those of {each keys} too.
    var placeholders: [(name: String, filters: [Filter])] { Self.placeholders(parts) }

    private static func placeholders(_ parts: [Part]) -> [(name: String, filters: [Filter])] {
        parts.flatMap { part -> [(name: String, filters: [Filter])] in
            switch part {
            case .value(let name, let filters): [(name, filters)]
            case .each(let inner): placeholders(inner)
            case .literal, .constant: []
            }
        }
    }
}

extension SendDescription {
    /// Whether a template writes how long `name` is.
    func mentionsLength(of name: String) -> Bool {
        parts.contains { part in
            guard case .template(let template) = part else { return false }
            return template.placeholders.contains { $0.name == name && $0.filters.last == .length }
        }
    }
}
