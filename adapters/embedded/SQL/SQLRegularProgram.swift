// A regular expression's steps, all of which are followed at once: time is the text's length times their number.

import Capabilities

/// Steps that match a regular expression (Thompson, "Regular Expression Search Algorithm", 1968).
struct SQLRegularProgram {
    enum Edge {
        case start, end, wordStart, wordEnd, wordEdge, noWordEdge
    }

    private enum Step {
        case one(Int)
        case edge(Edge)
        case jump(Int)
        case either(Int, Int)
        case match
    }

    /// The most steps of a pattern; one that repeats what repeats has very many.
    static let most = 20_000
    /// How much is done before it is asked whether to go on.
    private static let pace = 20_000

    private var steps: [Step] = []
    private var sets: [SQLCharacterSet] = []
    private var work = 0

    init(_ root: SQLRegularExpression.Node) throws(SQLFailure) {
        try add(root)
        steps.append(.match)
    }

    // MARK: Steps

    private mutating func add(_ node: SQLRegularExpression.Node) throws(SQLFailure) {
        // What is empty has no step and costs time all the same.
        work += 1
        guard steps.count < Self.most, work < 4 * Self.most else {
            throw SQLRegularExpression.refused("so much that is repeated")
        }
        switch node {
        case .one(let set):
            steps.append(.one(sets.count))
            sets.append(set)
        case .edge(let edge): steps.append(.edge(edge))
        case .sequence(let parts): for part in parts { try add(part) }
        case .choice(let branches): try add(branches)
        case .repeated(let part, let least, let most):
            for _ in 0..<least { try add(part) }
            guard let most else {
                let loop = steps.count
                steps.append(.match)
                try add(part)
                steps.append(.jump(loop))
                steps[loop] = .either(loop + 1, steps.count)
                return
            }
            var exits: [Int] = []
            for _ in least..<most {
                exits.append(steps.count)
                steps.append(.match)
                try add(part)
            }
            for exit in exits { steps[exit] = .either(exit + 1, steps.count) }
        }
    }

    private mutating func add(_ branches: [SQLRegularExpression.Node]) throws(SQLFailure) {
        var ends: [Int] = []
        for (number, branch) in branches.enumerated() {
            let fork = steps.count
            let isLast = number == branches.count - 1
            if !isLast { steps.append(.match) }
            try add(branch)
            guard !isLast else { break }
            ends.append(steps.count)
            steps.append(.match)
            steps[fork] = .either(fork + 1, steps.count)
        }
        for end in ends { steps[end] = .jump(steps.count) }
    }

    // MARK: Matching

    /// Whether some part of `text` matches.
    func matches(_ text: String, _ goOn: () throws(SQLFailure) -> Void) throws(SQLFailure) -> Bool {
        var (current, following): ([Int], [Int]) = ([], [])
        var seen = [Int](repeating: -1, count: steps.count)
        var stack: [Int] = []
        var (place, done) = (0, 0)
        var before: UInt32?
        var rest = text.unicodeScalars.makeIterator()
        var next = rest.next()?.value

        /// Follows what takes no character; whether the end is reached.
        func follow(_ first: Int, _ list: inout [Int]) -> Bool {
            stack.append(first)
            while let step = stack.popLast() {
                guard seen[step] != place else { continue }
                seen[step] = place
                done += 1
                switch steps[step] {
                case .one: list.append(step)
                case .edge(let edge): if Self.holds(edge, before, next) { stack.append(step + 1) }
                case .jump(let target): stack.append(target)
                case .either(let one, let other):
                    stack.append(other)
                    stack.append(one)
                case .match:
                    stack.removeAll(keepingCapacity: true)
                    return true
                }
            }
            return false
        }

        if follow(0, &current) { return true }
        while let code = next {
            before = code
            next = rest.next()?.value
            place += 1
            done += 1
            if done >= Self.pace {
                done = 0
                try goOn()
            }
            following.removeAll(keepingCapacity: true)
            for step in current {
                guard case .one(let set) = steps[step] else { continue }
                done += 1 + sets[set].cost
                if done >= Self.pace {
                    done = 0
                    try goOn()
                }
                if sets[set].contains(code), follow(step + 1, &following) { return true }
            }
            if follow(0, &following) { return true }
            swap(&current, &following)
        }
        return false
    }

    private static func holds(_ edge: Edge, _ before: UInt32?, _ next: UInt32?) -> Bool {
        let wasWord = before.map(SQLCharacterSet.word.contains) ?? false
        let isWord = next.map(SQLCharacterSet.word.contains) ?? false
        switch edge {
        case .start: return before == nil
        case .end: return next == nil
        case .wordStart: return !wasWord && isWord
        case .wordEnd: return wasWord && !isWord
        case .wordEdge: return wasWord != isWord
        case .noWordEdge: return wasWord == isWord
        }
    }
}
