// What a line looks like: literal text and fields.

/// A pattern such as `VALUE {name=key} {_} {size:number}`.
struct LinePattern: Sendable {
    enum Part: Sendable, Equatable {
        case literal([UInt8])
        /// One word: bytes up to the next space.
        case word(String?)
        /// A word that is a decimal number.
        case number(String)
        /// The rest of the line.
        case rest(String)
    }

    var parts: [Part]
    /// Fields that have to be what the request has under a name: `{name=key}`.
    var echoes: [(field: String, input: String)]
    var place: DocumentPlace

    static func parse(_ text: String, _ place: DocumentPlace, _ problems: ProblemList) -> LinePattern? {
        var parts: [Part] = []
        var echoes: [(field: String, input: String)] = []
        var literal: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.first {
            rest.removeFirst()
            guard character == "{", rest.first != "{" else {
                if character == "{" || character == "}" { if rest.first == character { rest.removeFirst() } }
                literal += Array(String(character).utf8)
                continue
            }
            guard let end = rest.firstIndex(of: "}") else {
                problems.add(place, "a { without its }; a brace that means itself is written twice")
                return nil
            }
            let inside = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
            let sides = inside.split(separator: "=", omittingEmptySubsequences: false)
            let words = sides[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard let part = part(words), sides.count == 1 || sides.count == 2 && words[0] != "_" else {
                problems.add(
                    place, "expected {name}, {name=key}, {name:number}, {name:rest} or {_}, got {\(inside)}")
                return nil
            }
            parts.append(part)
            if sides.count == 2 { echoes.append((words[0], String(sides[1]))) }
            if case .rest = parts[parts.count - 1], !rest.isEmpty {
                problems.add(place, "nothing can follow {\(inside)}: it takes the rest of the line")
                return nil
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return LinePattern(parts: parts, echoes: echoes, place: place)
    }

    /// What stands between braces, before the equals sign: a name, and what kind of field it is.
    private static func part(_ words: [String]) -> Part? {
        switch (words.count, words.last) {
        case (1, _): .word(words[0] == "_" ? nil : words[0])
        case (2, "number"): .number(words[0])
        case (2, "rest"): .rest(words[0])
        default: nil
        }
    }

    var names: [String] {
        parts.compactMap { part in
            switch part {
            case .word(let name): name
            case .number(let name), .rest(let name): name
            case .literal: nil
            }
        }
    }
}
