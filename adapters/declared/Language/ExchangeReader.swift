// Reads messages, steps and operations.

import Capabilities

extension DescriptionReader {
    mutating func readMessage(_ entry: DocumentNode.Entry) {
        guard Language.message.check(entry.value, problems) else { return }
        let node = entry.value
        var message = MessageDescription(name: entry.name, place: entry.place)
        if let line = node["line"], let text = line.string(problems) {
            message.line = LinePattern.parse(text, line.place, problems)
        }
        if let body = node["body"] {
            let named = mapping(body).filter { $0.name != "end" }
            if named.count == 1, let length = named[0].value.string(problems) {
                let end = body["end"]?.string(problems) ?? ""
                message.body = (named[0].name, length, Array(end.utf8), body.place)
            } else {
                problems.add(body.place, "expected { FIELD: LENGTH } and, after it, end: what follows the bytes")
            }
        }
        if let node = node["when"] { message.condition = condition(node) }
        for (field, input) in message.line?.echoes ?? [] {
            if let place = message.line?.place { readEcho(field, input, place, &message) }
        }
        for entry in mapping(node["echo"]) {
            if let input = entry.value.string(problems) { readEcho(entry.name, input, entry.value.place, &message) }
        }
        if let node = node["is"] { message.outcome = Outcome.parse(node, problems) }
        message.goesOn = node["then"]?.word(["more"], problems) != nil
        message.closes = node["close"]?.flag(problems) ?? false
        message.answer = node["answer"]?.template(problems)
        description.messages.append(message)
    }

    private func readEcho(_ field: String, _ input: String, _ place: DocumentPlace, _ message: inout MessageDescription)
    {
        if let known = Input.allCases.first(where: { $0.spelling == input }) {
            message.echoes.append((field, known, place))
        } else {
            let known = Input.allCases.map(\.spelling)
            let clause = NearestWord.clause(for: input, among: known)
            problems.add(
                place,
                "a request has nothing called \"\(input)\"\(clause.isEmpty ? "; expected one of \(known.joined(separator: ", "))" : clause)"
            )
        }
    }

    private func condition(_ node: DocumentNode) -> Condition? {
        guard let text = node.string(problems) else { return nil }
        return Condition.parse(text, node.place, problems)
    }

    func step(_ node: DocumentNode) -> StepDescription? {
        guard Language.step.check(node, problems) else { return nil }
        var step = StepDescription(place: node.place)
        if let send = node["send"] {
            step.send = SendReader(problems: problems, framing: description.framing).read(send)
        }
        if let node = node["if"] { step.condition = condition(node) }
        for entry in mapping(node["replies"]) {
            let nodes = entry.value.items ?? [entry.value]
            step.rules.append((entry.name, entry.place, nodes.compactMap(rule)))
        }
        if let node = node["expects"] {
            let nodes = node.items ?? [node]
            step.expects = nodes.compactMap { item in item.string(problems).map { ($0, item.place) } }
        }
        return step
    }

    private func rule(_ node: DocumentNode) -> RuleDescription? {
        guard let entries = node.entries else {
            return Outcome.parse(node, problems).map { RuleDescription(outcome: $0, place: node.place) }
        }
        guard let outcome = node["is"].flatMap({ Outcome.parse($0, problems) }) else {
            if node["is"] == nil {
                problems.add(node.place, "the rule has no `is:`, which says what the message means")
            }
            return nil
        }
        var rule = RuleDescription(outcome: outcome, place: node.place)
        for entry in entries where entry.name != "is" {
            if entry.name == "if" {
                rule.condition = condition(entry.value)
            } else if entry.name == "then" {
                rule.goesOn = entry.value.word(["more"], problems) != nil
            } else if let output = Output.allCases.first(where: { $0.spelling == entry.name }) {
                if let field = entry.value.string(problems) { rule.outputs.append((output, field, entry.value.place)) }
            } else {
                let known = Output.allCases.map(\.spelling) + ["is", "if", "then"]
                let clause = NearestWord.clause(for: entry.name, among: known)
                problems.add(
                    entry.place,
                    "expected is, if, then or an output (\(Output.allCases.map(\.spelling).joined(separator: ", "))), got \"\(entry.name)\"\(clause)"
                )
            }
        }
        return rule
    }

    mutating func readOperation(_ entry: DocumentNode.Entry) {
        guard let shape = OperationShape.named(entry.name) else {
            let clause = NearestWord.clause(for: entry.name, among: OperationShape.all.map(\.name))
            let known = OperationShape.all.map(\.name).joined(separator: ", ")
            problems.add(
                entry.place,
                "there is no operation \"\(entry.name)\"\(clause.isEmpty ? "; expected one of \(known)" : clause)")
            return
        }
        let node = entry.value
        var operation = OperationDescription(shape: shape, place: entry.place, steps: [])
        guard Language.step.check(node, problems) else { return }
        if let steps = node["steps"] {
            operation.steps = list(steps).compactMap { step($0) }
            if ["send", "replies", "expects"].contains(where: { node[$0] != nil }) {
                problems.add(
                    node.place, "an operation has either `steps`, or `send`, `replies` and `expects` of its own")
            }
        } else if let step = step(node) {
            operation.steps = [step]
        }
        if let pages = node["pages"], Language.pages.check(pages, problems),
            let condition = pages["while"].flatMap(condition),
            let next = pages["next"]?.template(problems)
        {
            operation.pages = (condition, next)
        }
        operation.isStream = node["stream"]?.flag(problems) ?? false
        operation.longestKey = node["longest-key"]?.size(problems)
        if let node = node["prefix"], let text = node.string(problems) {
            operation.prefix = (Array(text.utf8), node.place)
        }
        description.operations.append(operation)
    }
}
