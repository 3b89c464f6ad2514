// Compiles what the messages that answer a step mean, and what they have to repeat of it.

import Capabilities

extension ProgramCompiler {
    /// The rules of each message: the step's own, and behind them what the message says itself.
    func rules(
        _ step: StepDescription, _ scope: inout OperationScope, _ outputs: [Output]
    ) -> [[RuleProgram]] {
        let known = description.messages.map(\.name)
        for named in step.rules where !known.contains(named.message) {
            let clause = NearestWord.clause(for: named.message, among: known)
            problems.add(named.place, "there is no message \"\(named.message)\"\(clause)")
        }
        // Fields of an earlier message of the same answer can be asked for at its end.
        let hasSeveral =
            step.rules.contains { $0.rules.contains { $0.outcome == .more } }
            || description.messages.contains { $0.outcome == .more }
        for expected in step.expects ?? [] where !known.contains(expected.message) {
            let clause = NearestWord.clause(for: expected.message, among: known)
            problems.add(expected.place, "there is no message \"\(expected.message)\"\(clause)")
        }
        return description.messages.map { message in
            guard isExpected(message, step) else { return [] }
            var rules: [RuleProgram] = []
            let own = step.rules.first { $0.message == message.name }?.rules ?? []
            for rule in own {
                rules.append(
                    RuleProgram(
                        outcome: rule.outcome, goesOn: rule.goesOn,
                        condition: rule.condition.flatMap { scope.condition($0, keeps: hasSeveral) },
                        outputs: self.outputs(rule, outputs)))
            }
            if let outcome = message.outcome, own.last.map({ $0.condition != nil }) ?? true {
                let rule = RuleDescription(outcome: outcome, place: message.place)
                rules.append(
                    RuleProgram(
                        outcome: outcome, goesOn: message.goesOn, condition: nil, outputs: self.outputs(rule, outputs)))
            }
            return rules
        }
    }

    /// Whether `message` can answer `step`: errors always can, and what the server says unasked is nobody's answer.
    private func isExpected(_ message: MessageDescription, _ step: StepDescription) -> Bool {
        guard let expects = step.expects else { return true }
        switch message.outcome {
        case .ignored, .push: return true
        case let outcome? where outcome.isError: return true
        default:
            return expects.contains { $0.message == message.name } || step.rules.contains { $0.message == message.name }
        }
    }

    /// What each message that can answer `step` has to repeat of its request.
    func echoes(
        _ step: StepDescription, _ rules: [[RuleProgram]], _ inputs: [Input], _ outputs: [Output],
        _ scope: inout OperationScope
    ) -> [[EchoProgram]] {
        let header = headerEchoes(step, &scope)
        return zip(description.messages, rules).map { message, rules in
            guard !rules.isEmpty else { return [] }
            var echoes = header
            for echo in message.echoes {
                guard let slot = names.slot(echo.field), let input = echo.input.asked(of: inputs) else { continue }
                echoes.append(EchoProgram(slot: slot, source: input == .keys ? nil : input.source))
            }
            // A name in the answer for several keys is one of them, whether the file says so or not.
            if OperationShape.asksByName(inputs, outputs), !echoes.contains(where: { $0.source == nil }) {
                let slots = rules.flatMap { $0.outputs.filter { $0.output == .name } }.map(\.slot)
                echoes += Set(slots).sorted().map { EchoProgram(slot: $0, source: nil) }
            }
            return echoes
        }
    }

    /// The header's fields that every answer repeats, with what the step sends in them.
    private func headerEchoes(_ step: StepDescription, _ scope: inout OperationScope) -> [EchoProgram] {
        guard case .header(let header) = description.framing, let send = step.send else { return [] }
        return header.echo.compactMap { echo in
            guard let slot = names.slot(echo.name), echo.name != description.idField?.name else { return nil }
            let given = send.fields.first { $0.name == echo.name }?.value
            switch given?.parts.first {
            case .constant(let number, _): return EchoProgram(slot: slot, source: .constant(number))
            case .value(let name, _):
                return scope.source(name, echo.place).map { EchoProgram(slot: slot, source: $0) }
            default:
                let constant = header.constants.first { $0.name == echo.name }?.value ?? 0
                return EchoProgram(slot: slot, source: .constant(Int64(bitPattern: constant)))
            }
        }
    }

    private func outputs(_ rule: RuleDescription, _ outputs: [Output]) -> [(output: Output, slot: Int)] {
        (outputs + [.text]).sorted { $0.rawValue < $1.rawValue }.compactMap { output in
            guard let own = rule.outputs.first(where: { $0.output == output }) else {
                return names.slot(output.spelling).map { (output, $0) }
            }
            guard let slot = names.slot(own.field) else {
                let clause = NearestWord.clause(for: own.field, among: names.slots)
                problems.add(own.place, "there is no field \"\(own.field)\"\(clause)")
                return nil
            }
            return (output, slot)
        }
    }
}
