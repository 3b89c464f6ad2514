// Lists whose order nobody promises: two targets may give them in different orders, and one target twice.

extension Matcher {
    /// `observed` with its elements sorted wherever `expected` says `!unordered`, so that it can be compared with another's.
    static func sortingUnordered(_ observed: Value, by expected: Tree?) -> Value {
        guard let expected else { return observed }
        let inner = content(of: expected)
        switch (expected.tag.flatMap(MatchRule.init), observed) {
        case (.unordered, .list(let values)):
            return .list(values.map { ("\($0)", $0) }.sorted { $0.0 < $1.0 }.map(\.1))
        case (.unordered, .typed(let type, let value)):
            return .typed(type, sortingUnordered(value, by: expected))
        case (.each, .list(let values)): return .list(values.map { sortingUnordered($0, by: inner) })
        case (.allOf, _), (.oneOf, _):
            return (inner.list ?? []).reduce(observed) { sortingUnordered($0, by: $1) }
        case (nil, .typed(let type, let value)) where expected.tag == type:
            return .typed(type, sortingUnordered(value, by: inner))
        case (nil, .list(let values)):
            guard expected.tag == nil, let list = expected.list, list.count == values.count else { return observed }
            return .list(zip(values, list).map { sortingUnordered($0, by: $1) })
        case (nil, .fields(let fields)):
            return .fields(fields.map { Value.Field($0.name, sortingUnordered($0.value, by: expected[$0.name])) })
        default: return observed
        }
    }
}
