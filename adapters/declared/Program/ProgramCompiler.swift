// Compiles a description into a program: names become slots, templates instructions, messages numbers.

import Capabilities

/// Compiles one file for one backend.
struct ProgramCompiler {
    let description: AdapterDescription
    /// The values of the backend's options, by their names.
    let settings: [String: String]
    let host: String
    let problems: ProblemList
    private var names = NameTable()

    init(_ description: AdapterDescription, settings: [String: String], host: String, _ problems: ProblemList) {
        self.description = description
        self.settings = settings
        self.host = host
        self.problems = problems
    }

    mutating func compile() -> Program {
        collectNames()
        let framing = framing()
        let messages = description.messages.map { message($0) }
        let operations = OperationShape.all.map { shape in
            description.operations.first { $0.shape.name == shape.name }.flatMap { operation($0) }
        }
        var idSlot: Int?
        if let field = description.idField {
            idSlot = names.slot(field.name)
            if idSlot == nil {
                let clause = NearestWord.clause(for: field.name, among: names.slots)
                problems.add(field.place, "there is no field \"\(field.name)\"\(clause)")
            }
        }
        var prefix = scope([])
        let keyPrefix = constant(description.keys.prefix, &prefix)
        return Program(
            description, keyPrefix: keyPrefix,
            encoder: Encoder(expiry: description.expiry, escapes: description.escapes.map { ($0.plain, $0.escaped) }),
            framing: framing, payload: payload(), messages: messages, slots: names.slots, idSlot: idSlot,
            idBits: idBits, login: exchanges(description.login, in: "login"),
            keepAlive: description.keepAlive.map { ($0.every, exchanges([$0.step], in: "keep-alive")[0]) },
            operations: operations)
    }

    // MARK: Fields

    private mutating func collectNames() {
        switch description.framing {
        case .lines: break
        case .length:
            _ = names.add("length")
            _ = names.add("body")
        case .header(let header):
            for field in header.fields { _ = names.add(field.name) }
            for part in header.parts { _ = names.add(part.name) }
        case .http(let http):
            _ = names.add("status")
            _ = names.add("body")
            for field in http.fields { _ = names.add(field.name) }
        case .untilClose: _ = names.add("body")
        }
        for field in description.fields where alias(field.path) == nil { _ = names.add(field.name) }
        for message in description.messages {
            for name in message.line?.names ?? [] { _ = names.add(name) }
            if let body = message.body { _ = names.add(body.field) }
        }
        for field in description.fields { if let other = alias(field.path) { names.alias(field.name, to: other) } }
    }

    /// The field that a path without filters is another name for, in a payload without structure.
    private func alias(_ path: FieldPath) -> String? {
        guard description.payload == .bytes, path.filters.isEmpty, path.steps.count == 1,
            case .key(let key) = path.steps[0]
        else { return nil }
        return String(decoding: key, as: UTF8.self)
    }

    private var idBits: Int {
        switch description.framing {
        case .header(let header):
            min(64, 8 * (header.fields.first { $0.name == description.idField?.name }?.width ?? 4))
        // Text and JSON carry it as a number that every reader can hold.
        default: 31
        }
    }

    private func framing() -> FramingProgram {
        switch description.framing {
        case .lines(let end, let longest): return .lines(end: end, longest: longest)
        case .http(let http):
            return .http(
                HTTPProgram(
                    bodySlot: names.slot("body"), statusSlot: names.slot("status"),
                    fields: http.fields.compactMap { field in
                        names.slot(field.name).map { (field.header, $0, field.filters) }
                    }))
        case .untilClose: return .untilClose(bodySlot: names.slot("body"))
        case .length(let width, let isBig, let countsAll):
            return .header(
                HeaderProgram(
                    fields: [], size: width, isBig: isBig, bodyOffset: 0, bodyWidth: width, countsAll: countsAll,
                    parts: [(0, 0, names.slot("body"), true)]))
        case .header(let header): return .header(self.header(header))
        }
    }

    private func header(_ header: HeaderDescription) -> HeaderProgram {
        var program = HeaderProgram(
            fields: [], size: 0, isBig: header.isBig, bodyOffset: 0, bodyWidth: 0, countsAll: header.countsAll,
            parts: [])
        var offsets: [String: (offset: Int, width: Int)] = [:]
        for field in header.fields {
            offsets[field.name] = (program.size, field.width)
            // A part may have the name of a field: the name means the part then.
            if let slot = names.slot(field.name), !header.parts.contains(where: { $0.name == field.name }) {
                program.fields.append((program.size, field.width, slot))
            }
            program.size += field.width
        }
        let body = offsets[header.body] ?? (0, 1)
        program.bodyOffset = body.offset
        program.bodyWidth = body.width
        for part in header.parts {
            let place = part.length.flatMap { offsets[$0] }
            program.parts.append((place?.offset ?? 0, place?.width ?? 0, names.slot(part.name), place == nil))
        }
        return program
    }

    /// The part of a frame that is the payload; nil for the whole line.
    private var payloadSlot: Int? {
        switch description.framing {
        case .lines: nil
        case .header(let header): names.slot(header.parts.last?.name ?? "")
        case .length, .http, .untilClose: names.slot("body")
        }
    }

    /// Whether a rule takes the payload as it is for its value.
    private func takesPayload(_ rules: [[RuleProgram]]) -> Bool {
        guard let payloadSlot, description.payload != .bytes else { return false }
        return rules.contains { rules in
            rules.contains { rule in rule.outputs.contains { $0.output == .value && $0.slot == payloadSlot } }
        }
    }

    private func payload() -> PayloadProgram? {
        guard !description.fields.isEmpty || description.payload != .bytes else { return nil }
        var program = PayloadProgram(
            format: description.payload, slot: payloadSlot, tree: ExtractionTree(), filters: [])
        for field in description.fields {
            guard let slot = names.slot(field.name) else { continue }
            if description.payload != .bytes {
                program.tree.add(field.path, slot: slot)
                if !field.path.filters.isEmpty { program.filters.append((slot, nil, field.path.filters)) }
                continue
            }
            // Without structure, a path is the name of another field.
            guard field.path.steps.count == 1, case .key(let key) = field.path.steps[0],
                let source = names.slot(String(decoding: key, as: UTF8.self))
            else {
                problems.add(
                    field.place,
                    "with `payload: bytes`, a field is the name of another field and filters, such as `body | u32`")
                continue
            }
            if !field.path.filters.isEmpty { program.filters.append((slot, source, field.path.filters)) }
        }
        program.tree.finish()
        return program
    }

    // MARK: Messages

    private func scope(_ inputs: [Input]) -> OperationScope {
        OperationScope(
            names: names, inputs: inputs, settings: settings, hasID: description.idField != nil, problems: problems)
    }

    private func message(_ message: MessageDescription) -> MessageProgram {
        var scope = scope([])
        var line: [LineStep] = []
        for part in message.line?.parts ?? [] {
            switch part {
            case .literal(let bytes): line.append(.literal(bytes))
            case .word(let name): line.append(.word(name.flatMap { names.slot($0) }))
            case .number(let name): line.append(.number(names.slot(name) ?? 0))
            case .rest(let name): line.append(.rest(names.slot(name) ?? 0))
            }
        }
        var body: (slot: Int, length: Int, end: [UInt8])?
        if let description = message.body, let slot = names.slot(description.field) {
            if let length = names.slot(description.length) {
                body = (slot, length, description.end)
            } else {
                let clause = NearestWord.clause(for: description.length, among: message.line?.names ?? [])
                problems.add(description.place, "the line has no field \"\(description.length)\"\(clause)")
            }
        }
        for echo in message.echoes where names.slot(echo.field) == nil {
            let clause = NearestWord.clause(for: echo.field, among: names.slots)
            problems.add(echo.place, "there is no field \"\(echo.field)\"\(clause)")
        }
        return MessageProgram(
            name: message.name, line: line, body: body,
            condition: message.condition.flatMap { scope.condition($0, keeps: false) }, outcome: message.outcome,
            goesOn: message.goesOn, closes: message.closes, answer: message.answer.map { constant($0, &scope) })
    }

    /// A template of settings only.
    private func constant(_ template: Template, _ scope: inout OperationScope) -> [UInt8] {
        var compiler = SendCompiler(
            framing: .untilClose, idField: nil, host: host, problems: problems, scope: scope)
        return compiler.compile(template).flatMap { step -> [UInt8] in
            if case .literal(let bytes) = step { return bytes }
            if case .value(.text(let bytes), let filters, _) = step {
                let rules = Encoder(expiry: description.expiry, escapes: [])
                return Filters.encode(.bytes(bytes), filters, rules, now: 0).asBytes
            }
            return []
        }
    }

    // MARK: Exchanges

    private func exchanges(_ steps: [StepDescription], in part: String) -> [StepProgram] {
        var scope = scope([])
        return compile(steps, &scope, inputs: [], outputs: [], isStream: false)
    }

    private func operation(_ operation: OperationDescription) -> OperationProgram? {
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
            mentioned: Set(operation.shape.inputs.filter { operation.mentions($0.spelling) }))
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

    /// The rules of each message: the step's own, and behind them what the message says itself.
    private func rules(
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
    private func echoes(
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
