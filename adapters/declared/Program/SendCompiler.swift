// Compiles what is sent into instructions.

import Capabilities
import Multiplex

/// Compiles the sends of one operation.
struct SendCompiler {
    let framing: FramingDescription
    let idField: String?
    /// What HTTP requests say they are for.
    let host: String
    let problems: ProblemList
    var scope: OperationScope
    private var steps: [EncodeStep] = []

    init(
        framing: FramingDescription, idField: String?, host: String, problems: ProblemList, scope: OperationScope
    ) {
        self.framing = framing
        self.idField = idField
        self.host = host
        self.problems = problems
        self.scope = scope
    }

    /// The instructions of `send`.
    mutating func compile(_ send: SendDescription) -> [EncodeStep] {
        steps = []
        switch framing {
        case .lines(let end, _):
            add(send.parts)
            if case .json? = send.parts.last { add(end) }
        case .untilClose: add(send.parts)
        case .length(let width, let isBig, let countsAll):
            var header = HeaderDescription()
            header.isBig = isBig
            header.fields = [("length", width)]
            header.body = "length"
            header.countsAll = countsAll
            header.parts = [("body", nil, send.place)]
            var framed = send
            framed.bodyParts = [("body", send.parts)]
            add(header, framed)
        case .header(let header): add(header, send)
        case .http(let http): addHTTP(http.headers, send)
        }
        return steps
    }

    mutating func compile(_ template: Template) -> [EncodeStep] {
        steps = []
        add(template)
        return steps
    }

    /// Neighbouring literals become one.
    private mutating func add(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        if case .literal(let before)? = steps.last {
            steps[steps.count - 1] = .literal(before + bytes)
        } else {
            steps.append(.literal(bytes))
        }
    }

    private mutating func add(_ text: String) { add(Array(text.utf8)) }

    private mutating func add(_ parts: [SendDescription.Part]) {
        for part in parts {
            switch part {
            case .template(let template): add(template)
            case .json(let tree): addJSON(tree)
            case .msgpack(let tree): addMessagePack(tree)
            }
        }
    }

    // MARK: Templates

    private mutating func add(_ template: Template, _ style: ValueStyle = .plain) {
        add(template.parts, template.place, style)
    }

    private mutating func add(_ parts: [Template.Part], _ place: DocumentPlace, _ style: ValueStyle) {
        for part in parts {
            switch part {
            case .literal(let bytes):
                var text: [UInt8] = []
                if style == .jsonText { Codes.json(bytes.span, into: &text) } else { text = bytes }
                add(text)
            case .value(let name, let filters):
                if let source = scope.source(name, place) { add(source, filters, style) }
            case .constant(let number, let filters): add(.constant(number), filters, style)
            case .each(let items, let inner): addEach(items, place) { $0.add(inner, place, style) }
            }
        }
    }

    private mutating func addEach(
        _ items: EachItems, between: [UInt8] = [], _ place: DocumentPlace, _ body: (inout SendCompiler) -> Void
    ) {
        guard scope.inputs.contains(items.input) else {
            let own = EachItems.allCases.first { scope.inputs.contains($0.input) }
            let help = own.map { "here it is {each \($0.rawValue)}" } ?? "this operation has no list"
            return problems.add(place, "{each \(items.rawValue)} has no meaning here; \(help)")
        }
        let outer = steps
        steps = []
        body(&self)
        let inner = steps
        steps = outer
        steps.append(.each(items, between: between, inner))
    }

    private mutating func add(_ source: ValueSource, _ filters: [Filter], _ style: ValueStyle) {
        switch (source, filters.last) {
        case (.text(let bytes), nil) where style == .plain: add(bytes)
        case (.input(let slot), nil) where style == .plain: steps.append(.bytes(slot))
        case (.input(let slot), .length) where filters.count == 1 && style != .percent: steps.append(.byteCount(slot))
        case (.number(let slot), nil) where style == .plain || style == .jsonText: steps.append(.number(slot))
        case (.constant(let number), .integer(let width, let isBig)) where filters.count == 1 && style == .plain:
            add(Self.bytes(UInt64(bitPattern: number), width, isBig))
        case (.number(let slot), .integer(let width, let isBig)) where filters.count == 1 && style == .plain:
            steps.append(.binary(slot, width: width, isBig: isBig))
        case (_, .integer(let width, let isBig)) where filters.count == 1 && style == .plain:
            steps.append(.integer(source, width: width, isBig: isBig))
        default: steps.append(.value(source, filters, style))
        }
    }

    // MARK: JSON and MessagePack

    private mutating func addJSON(_ tree: DataTree) {
        switch tree {
        case .word(let word): add(word)
        case .text(let template):
            if let single = template.single, single.name == Input.parameter.spelling, single.filters.isEmpty,
                scope.inputs.contains(.parameter)
            {
                steps.append(.value(.parameter, [], .jsonValue))
            } else if let single = template.single, single.filters.last == .number {
                if let source = scope.source(single.name, template.place) {
                    if case .number(let slot) = source, single.filters.count == 1 {
                        steps.append(.number(slot))
                    } else {
                        steps.append(.value(source, single.filters, .plain))
                    }
                }
            } else {
                add("\"")
                add(template, .jsonText)
                add("\"")
            }
        case .list(let items):
            add("[")
            for (index, item) in items.enumerated() {
                if index > 0 { add(",") }
                addJSON(item)
            }
            add("]")
        case .each(let items, let inner, let place):
            addEach(items, between: Array(",".utf8), place) { $0.addJSON(inner) }
        case .mapping(let entries):
            add("{")
            for (index, entry) in entries.enumerated() {
                var name: [UInt8] = []
                Codes.json(Array(entry.name.utf8).span, into: &name)
                add(Array((index > 0 ? ",\"" : "\"").utf8) + name + Array("\":".utf8))
                addJSON(entry.value)
            }
            add("}")
        }
    }

    private mutating func addMessagePack(_ tree: DataTree) {
        switch tree {
        case .word(let word): add(MessagePackLiteral.word(word))
        case .text(let template):
            if let bytes = template.constant {
                add(MessagePackLiteral.text(bytes))
            } else if let single = template.single {
                guard let source = scope.source(single.name, template.place) else { return }
                switch single.filters.last {
                case .number: steps.append(.value(source, single.filters, .msgpackNumber))
                case .bytes: steps.append(.value(source, single.filters, .msgpackBinary))
                default: steps.append(.value(source, single.filters, .msgpackText))
                }
            } else {
                problems.add(template.place, "in msgpack a text is either fixed or one placeholder")
            }
        case .each(_, _, let place):
            problems.add(place, "in msgpack a list has as many items as the file says: {each …} has no meaning there")
        case .list(let items):
            add(MessagePackLiteral.head(items.count, isMapping: false))
            for item in items { addMessagePack(item) }
        case .mapping(let entries):
            add(MessagePackLiteral.head(entries.count, isMapping: true))
            for entry in entries {
                add(MessagePackLiteral.text(Array(entry.name.utf8)))
                addMessagePack(entry.value)
            }
        }
    }

    // MARK: Headers

    private static let mostParts = 6

    private mutating func add(_ header: HeaderDescription, _ send: SendDescription) {
        guard header.parts.count <= Self.mostParts else {
            return problems.add(send.place, "a header has \(Self.mostParts) parts at most")
        }
        steps.append(.mark(0))
        var offset = 0
        var offsets: [String: (offset: Int, width: Int)] = [:]
        for field in header.fields {
            offsets[field.name] = (offset, field.width)
            offset += field.width
            if let given = send.fields.first(where: { $0.name == field.name }) {
                addNumber(given.value, field.width, header.isBig)
            } else if field.name == idField {
                steps.append(.binary(Input.id.place, width: field.width, isBig: header.isBig))
            } else {
                let constant = header.constants.first { $0.name == field.name }?.value ?? 0
                add(Self.bytes(constant, field.width, header.isBig))
            }
        }
        steps.append(.mark(1))
        for (index, part) in header.parts.enumerated() {
            if let given = send.bodyParts.first(where: { $0.name == part.name }) { add(given.parts) }
            steps.append(.mark(index + 2))
        }
        for (index, part) in header.parts.enumerated() {
            guard let length = part.length, let place = offsets[length] else { continue }
            steps.append(
                .patch(
                    LengthPatch(
                        header: 0, offset: place.offset, width: place.width, isBig: header.isBig, from: index + 1,
                        to: index + 2, extra: 0)))
        }
        guard let place = offsets[header.body] else { return }
        steps.append(
            .patch(
                LengthPatch(
                    header: 0, offset: place.offset, width: place.width, isBig: header.isBig, from: 1,
                    to: header.parts.count + 1, extra: header.countsAll ? offset : 0)))
    }

    private mutating func addNumber(_ template: Template, _ width: Int, _ isBig: Bool) {
        guard template.parts.count == 1 else {
            return problems.add(template.place, "a header field is a number or one placeholder")
        }
        switch template.parts[0] {
        case .constant(let number, _): add(Self.bytes(UInt64(bitPattern: number), width, isBig))
        case .value(let name, _):
            if let source = scope.source(name, template.place) {
                steps.append(.integer(source, width: width, isBig: isBig))
            }
        default: problems.add(template.place, "a header field is a number or one placeholder")
        }
    }

    private static func bytes(_ number: UInt64, _ width: Int, _ isBig: Bool) -> [UInt8] {
        let bytes = (0..<width).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
        return isBig ? bytes.reversed() : bytes
    }

    // MARK: HTTP

    private mutating func addHTTP(_ headers: [(name: String, value: Template)], _ send: SendDescription) {
        guard let method = send.method, let path = send.path else { return }
        add("\(method) ")
        add(path, .percent)
        add(" HTTP/1.1\r\nHost: \(host)\r\n")
        for header in headers + send.headers {
            add("\(header.name): ")
            add(header.value)
            add("\r\n")
        }
        guard !send.parts.isEmpty else {
            return add(method == "GET" || method == "HEAD" ? "\r\n" : "Content-Length: 0\r\n\r\n")
        }
        // Leading zeros are figures like all others (RFC 9110, 8.6); so the head can be written before the body.
        add("Content-Length: 0000000000")
        steps.append(.mark(2))
        add("\r\n\r\n")
        steps.append(.mark(0))
        add(send.parts)
        steps.append(.mark(1))
        steps.append(.patchDecimal(from: 0, to: 1, at: 2))
    }
}

/// MessagePack that is known when a file is compiled.
enum MessagePackLiteral {
    static func text(_ bytes: [UInt8]) -> [UInt8] { written { MessagePackWriter.text(bytes, &$0) } }
    static func head(_ count: Int, isMapping: Bool) -> [UInt8] {
        written { MessagePackWriter.head(count, isMapping: isMapping, &$0) }
    }

    static func word(_ word: String) -> [UInt8] {
        switch word {
        case "null": return [0xC0]
        case "false": return [0xC2]
        case "true": return [0xC3]
        default:
            if let number = Int64(word) { return written { MessagePackWriter.number(number, &$0) } }
            let bits = (Double(word) ?? 0).bitPattern
            return [0xCB] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: bits >> UInt64($0 * 8)) }
        }
    }
}

extension MessagePackLiteral {
    fileprivate static func written(_ body: (inout OutputBuffer) -> Void) -> [UInt8] {
        var output = OutputBuffer()
        body(&output)
        return output.bytes
    }
}
