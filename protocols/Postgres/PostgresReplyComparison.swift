// How a candidate's answer to a statement differs from the one that the client got.

import Wire

/// A kind of difference that is to be none.
package enum PostgresReplyMask: String, Equatable, Hashable, Sendable, CaseIterable {
    /// The words of an error with the same SQLSTATE.
    case messageText = "message-text"
    /// The SQLSTATE, where both fail.
    case errorCode = "error-code"
    /// The order of rows, where the statement asks for one.
    case order
    /// The names of columns.
    case columnName = "column-name"
    /// The types of columns.
    case columnType = "column-type"
    /// What CommandComplete says.
    case tag
}

/// What rows of two answers have to have in common.
package enum PostgresRowOrder: Sendable, Equatable {
    case ordered
    case unordered
    /// Their number: which of all rows come first is the server's choice.
    case counted
}

/// What differs between two answers.
package enum PostgresDifferenceKind: String, Equatable, Hashable, Sendable, CaseIterable {
    /// Only the candidate fails.
    case error
    /// The candidate says that it has no such feature (SQLSTATE class 0A).
    case refused
    /// Only the primary fails.
    case noError = "no-error"
    case errorCode = "error-code"
    case messageText = "message-text"
    /// The number of columns, or that there are any.
    case columns
    case columnName = "column-name"
    case columnType = "column-type"
    case format
    /// The number of rows.
    case rows
    /// A value is NULL on one side.
    case null
    case value
    /// The same rows in another order.
    case order
    case tag
    /// Not an answer of the protocol.
    case broken
}

/// A difference, without the values.
package struct PostgresReplyDifference: Sendable, Equatable {
    package var kind: PostgresDifferenceKind
    package var place: String
    package var primary: String
    package var candidate: String

    package init(_ kind: PostgresDifferenceKind, _ primary: String, _ candidate: String, at place: String = "") {
        self.kind = kind
        self.primary = primary
        self.candidate = candidate
        self.place = place
    }
}

/// Compares answers.
package enum PostgresReplyComparison {
    /// The first difference, or nil.
    package static func difference(
        _ primary: PostgresComparableReply, _ candidate: PostgresComparableReply, _ order: PostgresRowOrder,
        masks: Set<PostgresReplyMask>
    ) -> PostgresReplyDifference? {
        switch (primary.failure, candidate.failure) {
        case (nil, let failure?):
            return PostgresReplyDifference(
                failure.state.hasPrefix("0A") ? .refused : .error, summary(primary), "error \(failure.state)")
        case (let failure?, nil):
            return PostgresReplyDifference(.noError, "error \(failure.state)", summary(candidate))
        case (let one?, let other?):
            if one.state != other.state {
                return masks.contains(.errorCode)
                    ? nil : PostgresReplyDifference(.errorCode, "error \(one.state)", "error \(other.state)")
            }
            guard one.message != other.message, !masks.contains(.messageText) else { return nil }
            return PostgresReplyDifference(
                .messageText, "\(one.message.count) bytes", "\(other.message.count) bytes", at: "error \(one.state)")
        case (nil, nil):
            return described(primary, candidate, masks) ?? rows(primary, candidate, order, masks)
                ?? tag(primary, candidate, masks)
        }
    }

    /// The number of rows, or what was done where there can be none.
    private static func summary(_ reply: PostgresComparableReply) -> String {
        reply.columns == nil && reply.rows.isEmpty ? text(of: reply.tag) : "\(reply.rows.count) rows"
    }

    private static func text(of tag: [UInt8]?) -> String {
        tag.map { String(decoding: $0.prefix(40), as: UTF8.self) } ?? "none"
    }

    private static func tag(
        _ primary: PostgresComparableReply, _ candidate: PostgresComparableReply, _ masks: Set<PostgresReplyMask>
    ) -> PostgresReplyDifference? {
        guard primary.tag != candidate.tag, !masks.contains(.tag) else { return nil }
        return PostgresReplyDifference(.tag, text(of: primary.tag), text(of: candidate.tag))
    }

    private static func described(
        _ primary: PostgresComparableReply, _ candidate: PostgresComparableReply, _ masks: Set<PostgresReplyMask>
    ) -> PostgresReplyDifference? {
        // A client that knows the description does not ask for it, and then the candidate is not asked either.
        guard let left = primary.columns else { return nil }
        guard let right = candidate.columns else {
            return PostgresReplyDifference(.columns, "\(left.count)", "none")
        }
        guard left.count == right.count else {
            return PostgresReplyDifference(.columns, "\(left.count)", "\(right.count)")
        }
        for (index, (one, other)) in zip(left, right).enumerated() {
            let place = "column \(index)"
            if one.name != other.name, !masks.contains(.columnName) {
                return PostgresReplyDifference(
                    .columnName, "\(one.name.count) bytes", "\(other.name.count) bytes", at: place)
            }
            if type(one.type) != type(other.type), !masks.contains(.columnType) {
                return PostgresReplyDifference(.columnType, "type \(one.type)", "type \(other.type)", at: place)
            }
            if one.format != other.format {
                return PostgresReplyDifference(.format, "format \(one.format)", "format \(other.format)", at: place)
            }
        }
        return nil
    }

    /// Numbers from 16384 on are given out by each server as types are made (transam.h, FirstNormalObjectId).
    private static func type(_ number: UInt32) -> UInt32 { min(number, 16_384) }

    private static func rows(
        _ primary: PostgresComparableReply, _ candidate: PostgresComparableReply, _ order: PostgresRowOrder,
        _ masks: Set<PostgresReplyMask>
    ) -> PostgresReplyDifference? {
        if primary.rows == candidate.rows { return nil }
        guard primary.rows.count == candidate.rows.count else {
            return PostgresReplyDifference(.rows, summary(primary), summary(candidate))
        }
        if order == .counted { return nil }
        let (left, right) = unmatched(primary.rows, candidate.rows)
        guard let one = left.first, let other = right.first else {
            guard order == .ordered, !masks.contains(.order) else { return nil }
            let place = primary.rows.indices.first { primary.rows[$0] != candidate.rows[$0] } ?? 0
            return PostgresReplyDifference(.order, summary(primary), "the same in another order", at: "row \(place)")
        }
        guard !primary.isText, !candidate.isText else {
            return PostgresReplyDifference(
                .value, "\(primary.rows[one].count) bytes", "\(candidate.rows[other].count) bytes", at: "line \(one)")
        }
        return values(primary.rows[one], candidate.rows[other], at: one)
    }

    /// The places of rows that the other side does not have, in order.
    private static func unmatched(_ left: [[UInt8]], _ right: [[UInt8]]) -> ([Int], [Int]) {
        var counts: [[UInt8]: Int] = [:]
        for row in right { counts[row, default: 0] += 1 }
        var (missing, others) = ([Int](), [Int]())
        for (place, row) in left.enumerated() {
            if let count = counts[row], count > 0 { counts[row] = count - 1 } else { missing.append(place) }
        }
        for (place, row) in right.enumerated() where (counts[row] ?? 0) > 0 {
            counts[row, default: 0] -= 1
            others.append(place)
        }
        return (missing, others)
    }

    private static func values(_ left: [UInt8], _ right: [UInt8], at row: Int) -> PostgresReplyDifference? {
        guard let ones = PostgresComparableReply.values(of: left),
            let others = PostgresComparableReply.values(of: right), ones.count == others.count
        else {
            return PostgresReplyDifference(.broken, "a row of \(left.count) bytes", "a row of \(right.count) bytes")
        }
        func text(_ value: Range<Int>?) -> String { value.map { "\($0.count) bytes" } ?? "NULL" }
        for (index, (one, other)) in zip(ones, others).enumerated() {
            let place = "row \(row), column \(index)"
            guard let one, let other else {
                if one == nil, other == nil { continue }
                return PostgresReplyDifference(.null, text(one), text(other), at: place)
            }
            if left[one] != right[other] { return PostgresReplyDifference(.value, text(one), text(other), at: place) }
        }
        return nil
    }
}
