// Compiles operations: their steps, what is kept between them, and their pages.

extension ProgramCompiler {
    func exchanges(_ steps: [StepDescription], in part: String) -> [StepProgram] {
        var scope = scope([])
        return compile(steps, &scope, inputs: [], outputs: [], isStream: false)
    }

    func operation(_ operation: OperationDescription) -> OperationProgram? {
        var scope = scope(operation.shape.inputs)
        let steps = compile(
            operation.steps, &scope, inputs: operation.shape.inputs, outputs: operation.shape.outputs,
            isStream: operation.isStream)
        var pages: (condition: ConditionProgram, next: [EncodeStep])?
        if let description = operation.pages {
            var after = scope
            after.canCapture = true
            let known = scope.captures
            if let condition = after.condition(description.condition, keeps: true) {
                var compiler = SendCompiler(
                    framing: .untilClose, idField: nil, host: host, problems: problems,
                    scope: OperationScope(
                        names: names, inputs: operation.shape.inputs + [.last], settings: settings, hasID: false,
                        problems: problems, captures: after.captures, canCapture: true))
                let next = compiler.compile(description.next)
                pages = (condition, next)
                if compiler.scope.captures.count > known.count {
                    // The fields that paging asks for are kept as well: compile once more with them known.
                    var wider = self.scope(operation.shape.inputs)
                    wider.captures = compiler.scope.captures
                    let again = compile(
                        operation.steps, &wider, inputs: operation.shape.inputs, outputs: operation.shape.outputs,
                        isStream: operation.isStream)
                    return finish(operation, again, wider.captures.count, pages)
                }
            }
        }
        return finish(operation, steps, scope.captures.count, pages)
    }

    private func finish(
        _ operation: OperationDescription, _ steps: [StepProgram], _ captures: Int,
        _ pages: (condition: ConditionProgram, next: [EncodeStep])?
    ) -> OperationProgram {
        OperationProgram(
            shape: operation.shape, steps: steps, captureCount: captures, pages: pages,
            longestKey: operation.longestKey, prefix: operation.prefix?.text ?? [],
            mentioned: operation.mentioned { names.slot($0) != nil }, pathInputs: operation.pathInputs)
    }

    private func compile(
        _ steps: [StepDescription], _ scope: inout OperationScope, inputs: [Input], outputs: [Output], isStream: Bool
    ) -> [StepProgram] {
        var compiler = SendCompiler(
            framing: description.framing, idField: description.idField?.name, host: host, problems: problems,
            scope: scope)
        var compiled:
            [(encode: [EncodeStep], rules: [[RuleProgram]], echoes: [[EchoProgram]], condition: ConditionProgram?)] = []
        for (index, step) in steps.enumerated() {
            compiler.scope.canCapture = index > 0
            let condition = step.condition.flatMap { compiler.scope.condition($0, keeps: true) }
            let encode = step.send.map { compiler.compile($0) } ?? []
            let rules = rules(step, &compiler.scope, outputs)
            compiled.append((encode, rules, echoes(step, rules, inputs, outputs, &compiler.scope), condition))
        }
        scope = compiler.scope
        let captures = scope.captures.enumerated().compactMap { index, name in names.slot(name).map { ($0, index) } }
        return zip(steps, compiled).map { step, compiled in
            let named = description.messages.map { message in step.rules.contains { $0.message == message.name } }
            return StepProgram(
                encode: compiled.encode, sends: step.send != nil, rules: compiled.rules, echoes: compiled.echoes,
                names: named, condition: compiled.condition, captures: captures.map { (slot: $0.0, capture: $0.1) },
                isStream: isStream, asksHead: step.send?.method == "HEAD",
                asksByName: OperationShape.asksByName(inputs, outputs), takesPayload: takesPayload(compiled.rules))
        }
    }
}
