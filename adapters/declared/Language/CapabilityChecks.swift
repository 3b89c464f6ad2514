// That what the manifest promises is mapped, and mapped as it promises.

import Capabilities

/// Checks capabilities against operations.
struct CapabilityChecks {
    private let file: AdapterDescription
    private let problems: ProblemList
    private let mapped: Set<String>

    init(_ file: AdapterDescription, _ problems: ProblemList) {
        self.file = file
        self.problems = problems
        mapped = Set(file.operations.map(\.shape.name))
    }

    func run() {
        for (capability, place) in file.capabilityPlaces { check(capability, place) }
        for operation in file.operations { checkSeveral(operation) }
        checkDatabases()
        checkSQL()
    }

    private func promises(_ capability: Capability) -> Bool {
        [.native, .emulated].contains(file.manifest[capability].support)
    }

    private func weakens(_ capability: Capability, _ weakening: Weakening) -> Bool {
        file.manifest[capability].weakenings.contains(weakening)
    }

    private func check(_ capability: Capability, _ place: DocumentPlace) {
        let support = file.manifest[capability].support
        if support == .ignored, !capability.canBeIgnored {
            problems.add(
                place,
                "\(capability.name) cannot be ignored: whoever asks for it waits for an answer that means something")
        }
        guard promises(capability) else { return }
        guard let groups = CapabilityMapping.groups(capability) else {
            let reason = CapabilityMapping.reasons[capability].map { ": \($0)" } ?? ""
            problems.add(
                place,
                "a file cannot map \(capability.name)\(reason); leave it out, or write an adapter in Swift or out of process"
            )
            return
        }
        if let missing = groups.first(where: { mapped.isDisjoint(with: $0) }) {
            let names = missing.map { "\"\($0)\"" }.joined(separator: " or ")
            problems.add(
                place,
                "\(capability.name) is \(support.rawValue), but operations has no \(names); map one or leave it out")
        }
        if capability == .keyValueType, !file.structures.isEmpty, !mapped.contains("type") {
            problems.add(
                place, "kv.type is \(support.rawValue), and keys hold more than values: map \"type\", which tells what")
        }
        if capability == .hashGet, !mapped.contains("hash.get-many"), !weakens(capability, .notAtomic) {
            problems.add(
                place,
                "several fields are got one by one: map \"hash.get-many\", or say `weakenings: [not-atomic]` at hash.get"
            )
        }
    }

    /// What takes several items and is sent one by one is not atomic.
    private func checkSeveral(_ operation: OperationDescription) {
        let shape = operation.shape
        guard let items = shape.items, items != .keys, items != .parameters, !operation.takesSeveral else { return }
        if shape.name == "hash.get-many" {
            problems.add(operation.place, "nothing that is sent has {each fields} in it, which is what it is for")
        } else if !weakens(shape.capability, .notAtomic) {
            problems.add(
                operation.place,
                "several \(items.rawValue) at once are sent one by one: say {each \(items.rawValue)}…{end}, or `weakenings: "
                    + "[not-atomic]` at \(shape.capability.name)")
        }
    }

    /// With several databases, each request about keys says which one it is for.
    private func checkDatabases() {
        guard promises(.keyValueDatabases) else { return }
        let place = file.capabilityPlaces[.keyValueDatabases] ?? DocumentPlace()
        if file.manifest[.keyValueDatabases].bounds[.databases] ?? 0 < 2 {
            problems.add(place, "say how many there are, from 0: `bounds: { databases: 16 }`")
        }
        for operation in file.operations where operation.shape.inputs.contains(.database) {
            for step in operation.steps where step.send.map({ !$0.mentions("database") }) ?? false {
                problems.add(
                    step.place,
                    "kv.databases is \(file.manifest[.keyValueDatabases].support.rawValue), and this does not say {database}: it would "
                        + "reach the keys of another one")
            }
        }
    }

    private func checkSQL() {
        for operation in file.operations where operation.shape.capability.family == .sql {
            if operation.steps.count != 1 {
                problems.add(operation.place, "a statement is one exchange; `steps` have no meaning here")
            }
            if operation.shape.name == "sql.query", promises(.sqlParameters), !operation.takesSeveral {
                problems.add(
                    operation.place, "sql.parameters is promised, and nothing that is sent has {each parameters} in it")
            }
        }
    }
}
