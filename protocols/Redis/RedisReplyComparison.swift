// Compares what two servers have answered to one command.

import Wire

/// The comparison of a candidate's reply with a primary's.
package struct RedisReplyComparison: Sendable {
    private let primary: [UInt8]
    private let candidate: [UInt8]
    private let masks: Set<RedisReplyMask>
    private var path: [Int] = []

    /// How far lives may differ, in milliseconds.
    private static let tolerance: Int64 = 2000

    /// The first difference of what two whole replies say; nil when there is none.
    package static func difference(
        _ primary: [UInt8], _ candidate: [UInt8], _ rule: RedisReplyRule, masks: Set<RedisReplyMask>
    ) -> RedisReplyDifference? {
        // Nearly always: nothing is taken apart then.
        guard primary != candidate else { return nil }
        guard let left = RedisReplyTree(primary.span) else {
            return RedisReplyDifference(
                kind: .value, primary: "\(primary.count) bytes", candidate: "\(candidate.count) bytes")
        }
        guard let right = RedisReplyTree(candidate.span) else {
            return RedisReplyDifference(
                kind: .broken, primary: describe(left, primary), candidate: "\(candidate.count) bytes")
        }
        var comparison = RedisReplyComparison(primary: primary, candidate: candidate, masks: masks)
        return comparison.compare(left, right, rule)
    }

    private init(primary: [UInt8], candidate: [UInt8], masks: Set<RedisReplyMask>) {
        self.primary = primary
        self.candidate = candidate
        self.masks = masks
    }

    // MARK: - Trees

    private mutating func compare(
        _ left: RedisReplyTree, _ right: RedisReplyTree, _ rule: RedisReplyRule
    ) -> RedisReplyDifference? {
        if left.isError || right.isError { return compareErrors(left, right) }
        switch (left, right) {
        case (.null(let a), .null(let b)):
            return a == b || masks.contains(.nullType) ? nil : found(.type, left, right)
        case (_, .null): return found(.missing, left, right)
        case (.null, _): return found(.extra, left, right)
        case (.leaf(let a, let first), .leaf(let b, let second)):
            return compareLeaves(left, right, (a, first), (b, second), rule)
        case (.aggregate(let a, let first), .aggregate(let b, let second)):
            guard a == b else { return found(.type, left, right) }
            return compareElements(left, right, first, second, a, rule)
        default: return found(.type, left, right)
        }
    }

    private func compareErrors(_ left: RedisReplyTree, _ right: RedisReplyTree) -> RedisReplyDifference? {
        guard case .leaf(_, let second) = right, right.isError else { return found(.missingError, left, right) }
        if candidate.span.isRefusal(second) { return found(.refused, left, right) }
        guard case .leaf(_, let first) = left, left.isError else { return found(.unexpectedError, left, right) }
        if masks.contains(.errorCode) { return nil }
        guard primary.span.word(first) == candidate.span.word(second) else { return found(.errorCode, left, right) }
        guard !masks.contains(.errorText), let offset = firstDifference(first, second) else { return nil }
        return found(.errorText, left, right, offset)
    }

    private func compareLeaves(
        _ left: RedisReplyTree, _ right: RedisReplyTree, _ first: (UInt8, Range<Int>), _ second: (UInt8, Range<Int>),
        _ rule: RedisReplyRule
    ) -> RedisReplyDifference? {
        let isStatus = { (kind: UInt8) in kind == 0x2B || kind == 0x24 }
        if first.0 != second.0, !(masks.contains(.statusType) && isStatus(first.0) && isStatus(second.0)) {
            return found(.type, left, right)
        }
        guard rule != .shape, let offset = firstDifference(first.1, second.1) else { return nil }
        if rule == .seconds || rule == .milliseconds, let a = integer(primary, first.1),
            let b = integer(candidate, second.1)
        {
            // What is below zero says that there is no life to speak of.
            guard a >= 0, b >= 0 else { return found(.lifetime, left, right) }
            let (distance, overflowed) = (a - b).magnitude.multipliedReportingOverflow(by: rule == .seconds ? 1000 : 1)
            let isNear = !overflowed && distance <= Self.tolerance.magnitude
            return isNear && masks.contains(.lifetime) ? nil : found(.lifetime, left, right)
        }
        if first.0 == 0x24 || first.0 == 0x2C, integer(primary, first.1) == nil || integer(candidate, second.1) == nil,
            let a = fraction(primary, first.1), let b = fraction(candidate, second.1),
            (a - b).magnitude <= max(a.magnitude, b.magnitude) * 1e-15
        {
            return masks.contains(.numberText) ? nil : found(.numberText, left, right, offset)
        }
        return found(.value, left, right, offset)
    }

    private mutating func compareElements(
        _ left: RedisReplyTree, _ right: RedisReplyTree, _ first: [RedisReplyTree], _ second: [RedisReplyTree],
        _ kind: UInt8, _ rule: RedisReplyRule
    ) -> RedisReplyDifference? {
        if rule == .shape, path.isEmpty, first.count == second.count { return compareShapes(first, second) }
        guard first.count == second.count else { return found(.length, left, right) }
        let isPaired = kind == 0x25 || rule == .unorderedPairs
        let isUnordered = isPaired || kind == 0x7E || rule == .unordered || masks.contains(.order)
        // Elements of elements have an order of their own.
        let inner = rule == .unordered || rule == .unorderedPairs ? RedisReplyRule.exact : rule
        guard isUnordered else { return compareInOrder(left, right, first, second, inner) }
        let ours = sorted(first, primary, isPaired: isPaired)
        let theirs = sorted(second, candidate, isPaired: isPaired)
        if ours.elementsEqual(theirs, by: { $0.bytes == $1.bytes }) { return nil }
        // Sorted alike, the first that differ are named; a mask may still hold for them.
        for (a, b) in zip(ours, theirs) where a.bytes != b.bytes {
            for (x, y) in zip(a.trees, b.trees) {
                path.append(a.place)
                if let difference = compare(x, y, inner) { return difference }
                path.removeLast()
            }
        }
        return nil
    }

    private mutating func compareInOrder(
        _ left: RedisReplyTree, _ right: RedisReplyTree, _ first: [RedisReplyTree], _ second: [RedisReplyTree],
        _ rule: RedisReplyRule
    ) -> RedisReplyDifference? {
        for (index, (a, b)) in zip(first, second).enumerated() {
            path.append(index)
            if let difference = compare(a, b, rule) {
                let ours = sorted(first, primary, isPaired: false)
                let theirs = sorted(second, candidate, isPaired: false)
                guard ours.elementsEqual(theirs, by: { $0.bytes == $1.bytes }) else { return difference }
                return found(.order, left, right)
            }
            path.removeLast()
        }
        return nil
    }

    private mutating func compareShapes(_ first: [RedisReplyTree], _ second: [RedisReplyTree]) -> RedisReplyDifference?
    {
        for (index, (a, b)) in zip(first, second).enumerated() {
            path.append(index)
            // A page of a scan has as many elements as its server likes.
            if case .aggregate(let x, _) = a, case .aggregate(let y, _) = b, x == y {
            } else if let difference = compare(a, b, .shape) {
                return difference
            }
            path.removeLast()
        }
        return nil
    }

    // MARK: - Pieces

    private func sorted(
        _ elements: [RedisReplyTree], _ bytes: [UInt8], isPaired: Bool
    ) -> [(bytes: [UInt8], trees: [RedisReplyTree], place: Int)] {
        let step = isPaired && elements.count.isMultiple(of: 2) ? 2 : 1
        return stride(from: 0, to: elements.count, by: step).map { index in
            let trees = Array(elements[index..<(index + step)])
            return (trees.flatMap { $0.spelled(bytes) }, trees, index / step)
        }
        .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    private func firstDifference(_ first: Range<Int>, _ second: Range<Int>) -> Int? {
        for index in 0..<min(first.count, second.count)
        where primary[first.lowerBound + index] != candidate[second.lowerBound + index] {
            return index
        }
        return first.count == second.count ? nil : min(first.count, second.count)
    }

    private func integer(_ bytes: [UInt8], _ range: Range<Int>) -> Int64? {
        range.count > 20 ? nil : Int64(String(decoding: bytes[range], as: UTF8.self))
    }

    /// A finite number; whole ones are not read as such when both are, since digits would be lost.
    private func fraction(_ bytes: [UInt8], _ range: Range<Int>) -> Double? {
        guard range.count <= 40, bytes[range].allSatisfy({ $0.isASCIIDigit || Self.numberMarks.contains($0) }) else {
            return nil
        }
        return Double(String(decoding: bytes[range], as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
    }

    private static let numberMarks = Array("+-.eE".utf8)

    private func found(
        _ kind: RedisDifferenceKind, _ left: RedisReplyTree, _ right: RedisReplyTree, _ offset: Int? = nil
    ) -> RedisReplyDifference {
        RedisReplyDifference(
            kind: kind, path: path, offset: offset, primary: Self.describe(left, primary),
            candidate: Self.describe(right, candidate))
    }

    /// A value's type and size; of an error also its code, where it is one that servers define.
    package static func describe(_ tree: RedisReplyTree, _ bytes: [UInt8]) -> String {
        switch tree {
        case .null: "null"
        case .aggregate(let kind, let elements):
            "\(name(kind)) of \(kind == 0x25 ? elements.count / 2 : elements.count)"
        case .leaf(_, let range) where tree.isError:
            "error \(RedisErrorCode(bytes.span.word(range))), \(range.count) bytes"
        case .leaf(let kind, let range): "\(name(kind)), \(range.count) bytes"
        }
    }

    private static func name(_ kind: UInt8) -> String {
        switch kind {
        case 0x2B: "status"
        case 0x24: "bulk string"
        case 0x3A: "integer"
        case 0x2C: "double"
        case 0x23: "boolean"
        case 0x28: "big number"
        case 0x3D: "verbatim string"
        case 0x2A: "array"
        case 0x25: "map"
        case 0x7E: "set"
        default: "push"
        }
    }
}

extension RedisReplyTree {
    /// The type and the bytes of a value, so that equal values are spelled alike.
    fileprivate func spelled(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .null(let kind): [kind]
        case .leaf(let kind, let range): [kind] + Array("\(range.count):".utf8) + bytes[range]
        case .aggregate(let kind, let elements):
            [kind] + Array("\(elements.count):".utf8) + elements.flatMap { $0.spelled(bytes) }
        }
    }
}

extension Span where Element == UInt8 {
    /// The first word at `range`, an error's code.
    fileprivate func word(_ range: Range<Int>) -> RedisText {
        var text = RedisText()
        for index in range {
            if self[index] == 0x20 || text.isTruncated { break }
            text.append(self[index])
        }
        return text
    }

    /// Whether an error's text is the gateway's, about a capability that a backend lacks.
    fileprivate func isRefusal(_ range: Range<Int>) -> Bool {
        let prefix: StaticString = "ERR UNSUPPORTED "
        let length = prefix.utf8CodeUnitCount
        guard range.count >= length else { return false }
        return equals(prefix, in: range.lowerBound..<(range.lowerBound + length))
    }
}
