// Names and what they stand for: fields of messages, inputs of operations, settings.

import Capabilities

/// The slots of all fields.
struct NameTable {
    private(set) var slots: [String] = []

    mutating func add(_ name: String) -> Int {
        if let slot = slots.firstIndex(of: name) { return slot }
        slots.append(name)
        return slots.count - 1
    }

    private var aliases: [String: String] = [:]

    /// Lets `name` mean the slot of `other`.
    mutating func alias(_ name: String, to other: String) { aliases[name] = other }

    func slot(_ name: String) -> Int? { slots.firstIndex(of: aliases[name] ?? name) }
}

/// What the names of one operation stand for, while it is compiled.
struct OperationScope {
    let names: NameTable
    let inputs: [Input]
    let settings: [String: String]
    let hasID: Bool
    let problems: ProblemList
    /// Fields whose values have to be kept, in the order of their captures.
    var captures: [String] = []
    /// Whether fields of earlier answers can be named in templates.
    var canCapture = false

    /// What `name` stands for in what is sent; nil, with a problem, when nothing.
    mutating func source(_ name: String, _ place: DocumentPlace) -> ValueSource? {
        if let source = input(name) { return source }
        if name.hasPrefix("setting."), let text = settings[String(name.dropFirst(8))] { return .text(Array(text.utf8)) }
        if canCapture, names.slot(name) != nil { return .capture(capture(name)) }
        report(name, place)
        return nil
    }

    private func input(_ name: String) -> ValueSource? {
        if name == "id", hasID { return .number(Input.id.place) }
        // In {each keys}, {key} is each of them.
        if name == "key", inputs.contains(.keys) { return .input(0) }
        guard let input = inputs.first(where: { $0.spelling == name }), !input.isList else { return nil }
        return input.source
    }

    private mutating func capture(_ name: String) -> Int {
        if let index = captures.firstIndex(of: name) { return index }
        captures.append(name)
        return captures.count - 1
    }

    private func report(_ name: String, _ place: DocumentPlace) {
        let known =
            inputs.map(\.spelling) + settings.keys.sorted().map { "setting." + $0 } + (hasID ? ["id"] : [])
            + (canCapture ? names.slots : [])
        let clause = NearestWord.clause(for: name, among: known)
        let list = known.isEmpty ? "nothing can be named here" : "known here: \(known.joined(separator: ", "))"
        problems.add(place, "{\(name)} is not known here\(clause.isEmpty ? "; \(list)" : clause)")
    }

    /// A condition with its names resolved; fields that it asks for are kept when `keeps`.
    mutating func condition(_ condition: Condition, keeps: Bool) -> ConditionProgram? {
        var terms: [ConditionProgram.Term] = []
        for term in condition.terms {
            switch term {
            case .holds(let name), .not(let name):
                guard let operand = operand(.name(name), condition.place, keeps) else { return nil }
                if case .not = term {
                    terms.append(.holds(operand, isNegated: true))
                } else {
                    terms.append(.holds(operand, isNegated: false))
                }
            case .compare(let left, let comparison, let right):
                guard let left = operand(left, condition.place, keeps),
                    let right = operand(right, condition.place, keeps)
                else { return nil }
                terms.append(.compare(left, comparison, right))
            }
        }
        return ConditionProgram(terms: terms)
    }

    private mutating func operand(
        _ operand: Condition.Operand, _ place: DocumentPlace, _ keeps: Bool
    ) -> ConditionProgram.Operand? {
        switch operand {
        case .number(let number): return .source(.constant(number))
        case .text(let bytes): return .source(.text(bytes))
        case .name(let name):
            if let slot = names.slot(name) { return .field(slot: slot, capture: keeps ? capture(name) : nil) }
            if let source = input(name) { return .source(source) }
            let known = names.slots + inputs.map(\.spelling)
            problems.add(
                place,
                "there is no field \"\(name)\"\(NearestWord.clause(for: name, among: known)); fields come from `fields`, the "
                    + "framing and the patterns of messages")
            return nil
        }
    }
}
