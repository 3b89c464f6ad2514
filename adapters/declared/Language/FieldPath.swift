// Where in a payload a field stands.

/// A path such as `kvs[0].value`, and how what stands there is read.
struct FieldPath: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case key([UInt8])
        case item(Int)
        case every
    }

    var steps: [Step]
    var filters: [Filter]

    /// Whether it gives a list.
    var isList: Bool { steps.contains(.every) }

    static func parse(_ text: String, _ place: DocumentPlace, _ problems: ProblemList) -> FieldPath? {
        var words = text.split(separator: "|", omittingEmptySubsequences: false).map { trimmed($0) }
        let path = words.removeFirst()
        var filters: [Filter] = []
        for word in words {
            guard let filter = Filter.parse(word, place, problems) else { return nil }
            filters.append(filter)
        }
        var steps: [Step] = []
        for part in path.split(separator: ".", omittingEmptySubsequences: false) where !(path == "") {
            let name = part.prefix { $0 != "[" }
            if !name.isEmpty { steps.append(.key(Array(name.utf8))) }
            var rest = part.dropFirst(name.count)
            guard !part.isEmpty else { return fail(path, place, problems) }
            while !rest.isEmpty {
                guard rest.first == "[", let end = rest.firstIndex(of: "]") else { return fail(path, place, problems) }
                let inside = rest[rest.index(after: rest.startIndex)..<end]
                if inside == "*" {
                    steps.append(.every)
                } else if let number = Int(inside), number >= 0 {
                    steps.append(.item(number))
                } else {
                    return fail(path, place, problems)
                }
                rest = rest[rest.index(after: end)...]
            }
        }
        guard steps.count(where: { $0 == .every }) <= 1 else {
            problems.add(place, "a path has one [*] at most, got \"\(path)\"")
            return nil
        }
        return FieldPath(steps: steps, filters: filters)
    }

    private static func fail(_ path: String, _ place: DocumentPlace, _ problems: ProblemList) -> FieldPath? {
        problems.add(place, "expected a path such as kvs[0].value or names[*], got \"\(path)\"")
        return nil
    }
}
