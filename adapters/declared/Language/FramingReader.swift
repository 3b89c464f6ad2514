// Reads how messages are cut from a stream of bytes.

import Capabilities

extension DescriptionReader {
    mutating func readFraming(_ node: DocumentNode) {
        guard Language.framing.check(node, problems), let entries = node.entries else { return }
        guard entries.count == 1, let entry = entries.first else {
            problems.add(node.place, "expected exactly one framing, got \(entries.count)")
            return
        }
        let node = entry.value
        switch entry.name {
        case "lines", "delimiter":
            guard Language.lines.check(node, problems) else { return }
            let end = Array((node["end"]?.string(problems) ?? "\r\n").utf8)
            if end.isEmpty { problems.add(node.place, "the end mark cannot be empty") }
            description.framing = .lines(end: end, longest: node["longest"]?.size(problems) ?? 64 << 10)
        case "length":
            guard Language.length.check(node, problems) else { return }
            description.framing = .length(
                width: Int(node["width"]?.number(1...8, problems) ?? 4), isBig: isBig(node["order"]),
                countsAll: countsAll(node["counts"]))
        case "header": readHeader(node)
        case "http":
            guard Language.http.check(node, problems) else { return }
            description.framing = .http(
                HTTPDescription(headers: headers(node["headers"]), fields: headerFields(node["fields"])))
        default: description.framing = .untilClose
        }
    }

    /// Fields that are header fields of an answer: `etag: ETag | quoted`.
    private func headerFields(_ node: DocumentNode?) -> [(String, [UInt8], [Filter], DocumentPlace)] {
        mapping(node).compactMap { entry in
            guard let text = entry.value.string(problems) else { return nil }
            var words = text.split(separator: "|", omittingEmptySubsequences: false).map { trimmed($0) }
            let header = words.removeFirst()
            let filters = words.compactMap { Filter.parse($0, entry.value.place, problems) }
            guard !header.isEmpty, header.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
                problems.add(
                    entry.value.place,
                    "expected the name of a header field and filters, such as ETag | quoted, got \"\(text)\"")
                return nil
            }
            return (entry.name, Array(header.lowercased().utf8), filters, entry.place)
        }
    }

    private func isBig(_ node: DocumentNode?) -> Bool { node?.word(["big", "little"], problems) != "little" }
    private func countsAll(_ node: DocumentNode?) -> Bool { node?.word(["body", "all"], problems) == "all" }

    private func headers(_ node: DocumentNode?) -> [(name: String, value: Template)] {
        mapping(node).compactMap { entry in entry.value.template(problems).map { (entry.name, $0) } }
    }

    private mutating func readHeader(_ node: DocumentNode) {
        guard Language.header.check(node, problems) else { return }
        var header = HeaderDescription()
        header.isBig = isBig(node["order"])
        let widths = ["u8": 1, "u16": 2, "u24": 3, "u32": 4, "u64": 8]
        for entry in mapping(node["fields"]) {
            if let word = entry.value.word(["u8", "u16", "u24", "u32", "u64"], problems) {
                header.fields.append((entry.name, widths[word] ?? 1))
            }
        }
        let names = header.fields.map(\.name)
        func known(_ node: DocumentNode?) -> String? {
            guard let node, let name = node.string(problems) else { return nil }
            if names.contains(name) { return name }
            problems.add(
                node.place, "the header has no field \"\(name)\"\(NearestWord.clause(for: name, among: names))")
            return nil
        }
        header.body = known(node["body"]) ?? ""
        header.bodyPlace = node["body"]?.place ?? node.place
        header.countsAll = countsAll(node["counts"])
        for entry in mapping(node["parts"]) {
            header.parts.append((entry.name, entry.value.text == "rest" ? nil : known(entry.value), entry.place))
        }
        if header.parts.isEmpty { header.parts = [("body", nil, node.place)] }
        if header.parts.dropLast().contains(where: { $0.length == nil }) {
            problems.add(node["parts"]?.place ?? node.place, "only the last part can take the rest")
        }
        for entry in mapping(node["send"]) {
            if !names.contains(entry.name) {
                let clause = NearestWord.clause(for: entry.name, among: names)
                problems.add(entry.place, "the header has no field \"\(entry.name)\"\(clause)")
            }
            if let number = entry.value.number(0...Int64.max, problems) {
                header.constants.append((entry.name, UInt64(number), entry.place))
            }
        }
        for item in list(node["echo"]) { if let name = known(item) { header.echo.append((name, item.place)) } }
        for echo in header.echo where header.parts.contains(where: { $0.name == echo.name }) {
            problems.add(echo.place, "\"\(echo.name)\" is a part of the body as well; an echo is of a header field")
        }
        description.framing = .header(header)
    }
}
