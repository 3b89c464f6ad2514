// Which answers an operation can have, so that a confused process cannot confuse a client.

import Capabilities

/// What an answer has to look like.
private struct AnswerShape: OptionSet {
    let rawValue: UInt16

    static let done = AnswerShape(rawValue: 1 << 0)
    static let missing = AnswerShape(rawValue: 1 << 1)
    static let flag = AnswerShape(rawValue: 1 << 2)
    static let integer = AnswerShape(rawValue: 1 << 3)
    static let double = AnswerShape(rawValue: 1 << 4)
    static let bytes = AnswerShape(rawValue: 1 << 5)
    static let versioned = AnswerShape(rawValue: 1 << 6)
    static let list = AnswerShape(rawValue: 1 << 7)
    static let pairs = AnswerShape(rawValue: 1 << 8)
    static let scored = AnswerShape(rawValue: 1 << 9)
    static let page = AnswerShape(rawValue: 1 << 10)
    static let taken = AnswerShape(rawValue: 1 << 11)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ answer: Answer) {
        self =
            switch answer {
            case .done: .done
            case .missing: .missing
            case .flag: .flag
            case .integer: .integer
            case .double: .double
            case .bytes: .bytes
            case .versioned: .versioned
            case .list: .list
            case .pairs: .pairs
            case .scored: .scored
            case .page: .page
            case .taken: .taken
            }
    }
}

/// The shape of an answer, of its items, and how many there are.
private struct Expectation {
    var shape: AnswerShape
    var items: AnswerShape
    var count: Int?

    init(_ shape: AnswerShape, of items: AnswerShape = [], count: Int? = nil) {
        self.shape = shape
        self.items = items
        self.count = count
    }
}

extension Capabilities.Operation {
    /// Whether `answer` is one that this operation can have.
    func expects(_ answer: Answer) -> Bool {
        let expectation = expectation
        guard expectation.shape.contains(AnswerShape(answer)) else { return false }
        switch answer {
        case .list(let items), .page(_, let items):
            if let count = expectation.count, items.count != count { return false }
            return items.allSatisfy { expectation.items.contains(AnswerShape($0)) }
        case .taken(_, .list(let items)): return expectation.items == .bytes && items.allSatisfy(\.isBytes)
        case .taken(_, let items): return expectation.items == .scored && AnswerShape(items) == .scored
        case .pairs(let pairs): return expectation.count.map { $0 == pairs.count } ?? true
        default: return true
        }
    }

    private var expectation: Expectation {
        switch self {
        case .keyValue(let operation): operation.expectation
        case .hash(let operation): operation.action.expectation
        case .list(let operation): operation.expectation
        case .set(let operation): operation.expectation
        case .sortedSet(let operation): operation.expectation
        case .publish, .sequence: Expectation(.integer)
        case .inspectBus(.channels): Expectation(.list, of: .bytes)
        case .inspectBus(.subscriberCounts(let channels)): Expectation(.list, of: .integer, count: channels.count)
        case .inspectBus(.patternCount): Expectation(.integer)
        case .queue(.put): Expectation(.bytes)
        case .queue(.reserve): Expectation([.pairs, .missing], count: 1)
        case .queue, .lock: Expectation(.flag)
        }
    }
}

extension Answer {
    fileprivate var isBytes: Bool { AnswerShape(self) == .bytes }
}

extension KeyValueOperation {
    fileprivate var expectation: Expectation {
        switch self {
        case .get, .getAndExpire, .getAndDelete, .type, .randomKey: Expectation([.bytes, .missing])
        case .getVersioned: Expectation([.versioned, .missing])
        case .getMany(let keys): Expectation(.list, of: [.bytes, .missing], count: keys.count)
        case .set(_, _, let options): Expectation(options.returnsOld ? [.bytes, .missing] : [.done, .missing])
        case .setMany, .deleteVersion, .expire, .persist, .rename, .copy: Expectation(.flag)
        case .delete, .exists, .touch, .append, .length, .overwrite, .increment, .count: Expectation(.integer)
        case .range, .incrementFloat: Expectation(.bytes)
        case .expiry: Expectation([.integer, .done, .missing])
        case .scan: Expectation(.page, of: .bytes)
        case .keys: Expectation(.list, of: .bytes)
        case .clear: Expectation(.done)
        }
    }
}

extension HashAction {
    fileprivate var expectation: Expectation {
        switch self {
        case .set, .count, .valueLength, .delete, .increment: Expectation(.integer)
        case .setIfAbsent, .contains: Expectation(.flag)
        case .get: Expectation([.bytes, .missing])
        case .getMany(let fields): Expectation(.list, of: [.bytes, .missing], count: fields.count)
        case .all: Expectation(.pairs)
        case .fields, .values: Expectation(.list, of: .bytes)
        case .incrementFloat: Expectation(.bytes)
        case .random(let count, _): Expectation(count == nil ? [.bytes, .missing] : .pairs)
        case .scan: Expectation(.page, of: .bytes)
        }
    }
}

extension ListOperation {
    fileprivate var expectation: Expectation {
        switch self {
        case .push, .length, .insert, .remove: Expectation(.integer)
        case .pop(_, _, let count): Expectation(count == nil ? [.bytes, .missing] : [.list, .missing], of: .bytes)
        case .range: Expectation(.list, of: .bytes)
        case .item, .move: Expectation([.bytes, .missing])
        case .setItem, .trim: Expectation(.done)
        case .position(_, _, _, let count, _):
            Expectation(count == nil ? [.integer, .missing] : .list, of: .integer)
        case .popFirst: Expectation([.taken, .missing], of: .bytes)
        }
    }
}

extension SetOperation {
    fileprivate var expectation: Expectation {
        switch self {
        case .add, .remove, .count, .intersectionCount: Expectation(.integer)
        case .contains(_, let members): Expectation(.list, of: .flag, count: members.count)
        case .members: Expectation(.list, of: .bytes)
        case .pop(_, let count), .random(_, let count):
            Expectation(count == nil ? [.bytes, .missing] : .list, of: .bytes)
        case .move: Expectation(.flag)
        case .combine(_, _, let store): Expectation(store == nil ? .list : .integer, of: .bytes)
        case .scan: Expectation(.page, of: .bytes)
        }
    }
}

extension SortedSetOperation {
    fileprivate var expectation: Expectation {
        switch self {
        case .add(_, _, let options): Expectation(options.increments ? [.double, .missing] : .integer)
        case .remove, .removeRange, .count, .countRange, .storeRange, .intersectionCount: Expectation(.integer)
        case .scores(_, let members): Expectation(.list, of: [.double, .missing], count: members.count)
        case .rank(_, _, _, let withScore):
            withScore
                ? Expectation([.list, .missing], of: [.integer, .double], count: 2) : Expectation([.integer, .missing])
        case .range, .pop: Expectation(.scored)
        case .popFirst: Expectation([.taken, .missing], of: .scored)
        case .random(_, let count): Expectation(count == nil ? [.bytes, .missing] : .scored)
        case .combine(_, _, _, _, let store): Expectation(store == nil ? .scored : .integer)
        case .scan: Expectation(.page, of: [.bytes, .double])
        }
    }
}
