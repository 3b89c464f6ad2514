// Text with placeholders, as people write what is sent.

/// A parsed template.
struct Template: Sendable {
    indirect enum Part: Sendable {
        case literal([UInt8])
        case value(String, [Filter])
        /// A number that is written as it stands: `{0 | u32}`.
        case constant(Int64, [Filter])
        /// What is repeated for each item of a list.
        case each(EachItems, [Part])
    }

    var parts: [Part] = []
    var place = DocumentPlace()

    /// The only placeholder, when there is nothing else.
    var single: (name: String, filters: [Filter])? {
        if parts.count == 1, case .value(let name, let filters) = parts[0] { return (name, filters) }
        return nil
    }

    /// What it is without placeholders; nil when it has some.
    var constant: [UInt8]? {
        var bytes: [UInt8] = []
        for part in parts {
            guard case .literal(let literal) = part else { return nil }
            bytes += literal
        }
        return bytes
    }

    /// Whether a placeholder names `name`.
    func mentions(_ name: String) -> Bool { Self.mentions(name, parts) }

    private static func mentions(_ name: String, _ parts: [Part]) -> Bool {
        parts.contains { part in
            switch part {
            case .value(let other, _): other == name
            case .each(let items, let inner): items.rawValue == name || mentions(name, inner)
            case .literal, .constant: false
            }
        }
    }

    /// Parses `text`; nil, with problems, when it is no template.
    static func parse(_ text: String, _ place: DocumentPlace, _ problems: ProblemList) -> Template? {
        var scanner = Scanner(text: Array(text), place: place, problems: problems)
        guard let parts = scanner.parts(inEach: false) else { return nil }
        return Template(parts: parts, place: place)
    }

    private struct Scanner {
        let text: [Character]
        let place: DocumentPlace
        let problems: ProblemList
        var index = 0

        mutating func parts(inEach: Bool) -> [Part]? {
            var parts: [Part] = []
            var literal: [UInt8] = []
            func flushed() -> [Part] { literal.isEmpty ? parts : parts + [.literal(literal)] }
            while index < text.count {
                let character = text[index]
                index += 1
                if character == "{" || character == "}", index < text.count, text[index] == character {
                    index += 1
                    literal += Array(String(character).utf8)
                } else if character == "}" {
                    return fail("a } without its {; a brace that means itself is written twice")
                } else if character == "{" {
                    guard let end = text[index...].firstIndex(of: "}") else {
                        return fail("a { without its }; a brace that means itself is written twice")
                    }
                    let inside = String(text[index..<end])
                    index = end + 1
                    parts = flushed()
                    literal = []
                    if inside == "end" {
                        guard inEach else { return fail("{end} without {each …}") }
                        return parts
                    }
                    if inside.hasPrefix("each ") {
                        guard let items = EachItems(rawValue: String(inside.dropFirst(5))), !inEach else {
                            return fail(
                                "expected \(EachItems.spellings)…{end}, not inside of another, got {\(inside)}")
                        }
                        guard let inner = self.parts(inEach: true) else { return nil }
                        parts.append(.each(items, inner))
                        continue
                    }
                    guard let part = placeholder(inside) else { return nil }
                    parts.append(part)
                } else {
                    literal += Array(String(character).utf8)
                }
            }
            if inEach { return fail("{each …} without {end}") }
            return flushed()
        }

        private func placeholder(_ inside: String) -> Part? {
            var words = inside.split(separator: "|", omittingEmptySubsequences: false).map { trimmed($0) }
            var name = words.removeFirst()
            var filters: [Filter] = []
            if name.hasSuffix(".length") {
                name.removeLast(7)
                filters.append(.length)
            }
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) else {
                fail("expected a name between the braces, got {\(inside)}; a brace that means itself is written twice")
                return nil
            }
            for word in words {
                guard let filter = Filter.parse(word, place, problems) else { return nil }
                filters.append(filter)
            }
            if let number = Int64(name) { return .constant(number, filters) }
            return .value(name, filters)
        }

        @discardableResult
        private func fail(_ message: String) -> [Part]? {
            problems.add(place, message)
            return nil
        }
    }
}

/// Text without the spaces around it.
func trimmed(_ text: some StringProtocol) -> String {
    var text = Substring(text)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
}
