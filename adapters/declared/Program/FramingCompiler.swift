// Compiles framing and payload: where in a frame the fields are.

import Capabilities

extension ProgramCompiler {
    func framing() -> FramingProgram {
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
    func takesPayload(_ rules: [[RuleProgram]]) -> Bool {
        guard let payloadSlot, description.payload != .bytes else { return false }
        return rules.contains { rules in
            rules.contains { rule in rule.outputs.contains { $0.output == .value && $0.slot == payloadSlot } }
        }
    }

    func payload() -> PayloadProgram? {
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
}
