// Compiles a description into a program: names become slots, templates instructions, messages numbers.

import Capabilities

/// Compiles one file for one backend.
struct ProgramCompiler {
    let description: AdapterDescription
    /// The values of the backend's options, by their names.
    let settings: [String: String]
    let host: String
    let problems: ProblemList
    var names = NameTable()

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

    // MARK: Messages

    func scope(_ inputs: [Input]) -> OperationScope {
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
}
