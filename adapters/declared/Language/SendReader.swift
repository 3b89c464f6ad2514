// Reads what an exchange sends: templates, JSON, MessagePack, HTTP requests and binary headers.

import Capabilities

/// Reads the key `send`.
struct SendReader {
    let problems: ProblemList
    let framing: FramingDescription

    func read(_ node: DocumentNode) -> SendDescription? {
        var send = SendDescription(place: node.place)
        switch framing {
        case .header(let header): readHeader(node, header, &send)
        case .http: readHTTP(node, &send)
        case .lines, .length, .untilClose: send.parts = parts(node)
        }
        return send
    }

    /// A template, a mapping with `text`, `json` or `msgpack`, or a list of these.
    private func parts(_ node: DocumentNode) -> [SendDescription.Part] {
        if let items = node.items { return items.flatMap { parts($0) } }
        guard let entries = node.entries else { return node.template(problems).map { [.template($0)] } ?? [] }
        return entries.compactMap { part($0, node) }
    }

    private func part(_ entry: DocumentNode.Entry, _ node: DocumentNode) -> SendDescription.Part? {
        switch entry.name {
        case "text": return entry.value.template(problems).map { .template($0) }
        case "json": return tree(entry.value).map { .json($0) }
        case "msgpack": return tree(entry.value).map { .msgpack($0) }
        default:
            let clause = NearestWord.clause(for: entry.name, among: ["text", "json", "msgpack"])
            problems.add(entry.place, "expected text, json or msgpack, got \"\(entry.name)\"\(clause)")
            return nil
        }
    }

    private func readHTTP(_ node: DocumentNode, _ send: inout SendDescription) {
        guard Language.send.check(node, problems), let entries = node.entries else { return }
        for entry in entries {
            switch entry.name {
            case "get", "put", "post", "delete", "head":
                send.method = entry.name.uppercased()
                send.path = entry.value.template(problems)
            case "method": send.method = entry.value.string(problems)
            case "path": send.path = entry.value.template(problems)
            case "headers":
                for header in entry.value.entries ?? [] {
                    if let value = header.value.template(problems) { send.headers.append((header.name, value)) }
                }
            default: if let part = part(entry, node) { send.parts.append(part) }
            }
        }
        if send.method == nil || send.path == nil {
            problems.add(
                node.place, "an HTTP request needs a method and a path: write `post: /path`, or `method:` and `path:`")
        }
    }

    private func readHeader(_ node: DocumentNode, _ header: HeaderDescription, _ send: inout SendDescription) {
        guard let entries = node.entries else {
            problems.add(node.place, "expected a mapping of header fields and parts, got \(node.kind)")
            return
        }
        let known = header.fields.map(\.name) + header.parts.map(\.name)
        for entry in entries {
            // A part may have the name of a field: what is sent under it is the part.
            if header.parts.contains(where: { $0.name == entry.name }) {
                send.bodyParts.append((entry.name, parts(entry.value)))
            } else if header.fields.contains(where: { $0.name == entry.name }) {
                if let plain = entry.value.plain, let number = DocumentNode.integer(plain) {
                    send.fields.append((entry.name, Template(parts: [.constant(number, [])], place: entry.value.place)))
                } else if let template = entry.value.template(problems) {
                    send.fields.append((entry.name, template))
                }
            } else {
                let clause = NearestWord.clause(for: entry.name, among: known)
                problems.add(
                    entry.place,
                    "the header has no field and no part \"\(entry.name)\"\(clause.isEmpty ? "; expected one of \(known.joined(separator: ", "))" : clause)"
                )
            }
        }
    }

    /// `{ each fields: … }`, which stands in a list for as many items as the request has.
    private func each(_ node: DocumentNode) -> DataTree? {
        guard let entries = node.entries, entries.count == 1, entries[0].name.hasPrefix("each ") else { return nil }
        guard let items = EachItems(rawValue: String(entries[0].name.dropFirst(5))) else {
            problems.add(entries[0].place, "expected \(EachItems.spellings), got \"\(entries[0].name)\"")
            return nil
        }
        return tree(entries[0].value).map { .each(items, $0, place: entries[0].place) }
    }

    private func tree(_ node: DocumentNode) -> DataTree? {
        switch node.content {
        case .scalar(let text, let isQuoted):
            let isWord = ["true", "false", "null"].contains(text) || Double(text)?.isFinite ?? false
            if !isQuoted, isWord { return .word(text) }
            return Template.parse(text, node.place, problems).map { .text($0) }
        case .list(let items): return .list(items.compactMap { each($0) ?? tree($0) })
        case .mapping(let entries):
            return .mapping(entries.compactMap { entry in tree(entry.value).map { (entry.name, $0) } })
        }
    }
}
