// That nothing a client chose can end what it stands in and begin something else.

import Capabilities

/// Checks what is sent in lines and in the head of an HTTP request.
struct SafetyChecks {
    private let file: AdapterDescription
    private let problems: ProblemList

    init(_ file: AdapterDescription, _ problems: ProblemList) {
        self.file = file
        self.problems = problems
    }

    func check(_ step: StepDescription, _ shape: OperationShape) {
        guard let send = step.send else { return }
        checkHeaders(send, shape)
        checkNeighbours(send, shape)
        if case .lines(let end, _) = file.framing { checkLines(send, shape, end) }
    }

    /// The inputs called `name` in an operation; {key} is each of several keys too.
    private func input(_ name: String, _ shape: OperationShape) -> Input? {
        if name == "key", shape.inputs.contains(.keys) { return .key }
        return shape.inputs.first { $0.spelling == name }
    }

    /// Whether a name can have a byte of `bytes`.
    private func canHave(_ bytes: some Sequence<UInt8>) -> Bool {
        (!file.keys.escapesOthers || file.keys.allowsAll) && bytes.contains { file.keys.allowed[Int($0)] }
    }

    /// In lines, what a client chose must not end the line or the word.
    private func checkLines(_ send: SendDescription, _ shape: OperationShape, _ end: [UInt8]) {
        var lastText: Template?
        for part in send.parts {
            guard case .template(let template) = part else {
                lastText = nil
                continue
            }
            lastText = template
            for (name, filters) in template.placeholders where filters.isEmpty {
                guard let input = input(name, shape) else { continue }
                if Input.names.contains(input), canHave(end + [0x20]) {
                    problems.add(
                        template.place,
                        "{\(name)} could hold a space or the end of a line, and with them another command; say which bytes it may "
                            + "have: `keys: { allowed: printable, others: percent }`")
                }
                if Input.free.contains(input), !send.mentionsLength(of: name) {
                    problems.add(
                        template.place,
                        "{\(name)} can hold any bytes, the end of a line too; send {\(name).length} before it, or write it through "
                            + "a filter such as base64 or escaped")
                }
            }
        }
        if let lastText, !lastText.ends(with: end) {
            problems.add(
                lastText.place,
                "what is sent does not end with the end mark of lines; in YAML, \\r\\n needs double quotes")
        }
    }

    /// Beside a quote or a space, what a client chose must not hold the same: it would be another word, or another statement.
    private func checkNeighbours(_ send: SendDescription, _ shape: OperationShape) {
        for part in send.parts + send.bodyParts.flatMap(\.parts) {
            guard case .template(let template) = part else { continue }
            for (name, filters, byte) in template.neighbours {
                // Of lines that was told already.
                if byte == 0x20, case .lines = file.framing { continue }
                guard let input = input(name, shape), Self.keeps(byte, filters) else { continue }
                guard Input.names.contains(input) && canHave([byte]) || Input.free.contains(input) else { continue }
                if send.mentionsLength(of: name) { continue }
                let mark = byte == 0x20 ? "a space" : byte == 0x27 ? "a ' too" : "a \" too"
                problems.add(
                    template.place,
                    "{\(name)} can hold \(mark), and with it end what it stands in: write it through a filter such as base64 or hex\(byte == 0x22 ? " or json" : ""), "
                        + "or send {\(name).length} before it")
            }
        }
    }

    /// Whether `filters` leave `byte` as it is.
    private static func keeps(_ byte: UInt8, _ filters: [Filter]) -> Bool {
        filters.allSatisfy { filter in
            switch filter {
            case .json: byte != 0x22
            case .base64, .base64url, .hex, .percent, .escaped, .quoted, .length, .number, .integer, .date: false
            default: true
            }
        }
    }

    /// In the head of an HTTP request, it must not end the field; a content type with such bytes is refused.
    private func checkHeaders(_ send: SendDescription, _ shape: OperationShape) {
        for (header, template) in send.headers {
            for (name, filters) in template.placeholders where filters.isEmpty {
                guard let input = input(name, shape) else { continue }
                let isName = Input.names.contains(input)
                if isName && canHave(0..<0x20) || Input.free.contains(input) && input != .contentType {
                    problems.add(
                        template.place,
                        "{\(name)} could hold the end of the field \(header), and with it another one; write it through a filter such "
                            + "as base64 or percent\(isName ? ", or say which bytes it may have: `keys: { allowed: printable }`" : "")"
                    )
                }
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

    /// Every placeholder that stands beside a quote or a space, with that byte.
    var neighbours: [(name: String, filters: [Filter], byte: UInt8)] { Self.neighbours(parts) }

    private static func neighbours(_ parts: [Part]) -> [(name: String, filters: [Filter], byte: UInt8)] {
        parts.indices.flatMap { index -> [(name: String, filters: [Filter], byte: UInt8)] in
            switch parts[index] {
            case .each(_, let inner): return neighbours(inner)
            case .literal, .constant: return []
            case .value(let name, let filters):
                var bytes: Set<UInt8> = []
                if index > 0, case .literal(let before) = parts[index - 1], let last = before.last {
                    bytes.insert(last)
                }
                if index + 1 < parts.count, case .literal(let after) = parts[index + 1], let first = after.first {
                    bytes.insert(first)
                }
                return bytes.intersection([0x20, 0x22, 0x27]).sorted().map { (name, filters, $0) }
            }
        }
    }

    private static func placeholders(_ parts: [Part]) -> [(name: String, filters: [Filter])] {
        parts.flatMap { part -> [(name: String, filters: [Filter])] in
            switch part {
            case .value(let name, let filters): [(name, filters)]
            case .each(_, let inner): placeholders(inner)
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
