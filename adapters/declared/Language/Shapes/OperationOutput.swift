// What an answer is made from, by the names of fields.

/// A field that an operation's answer is made from.
///
/// They are taken in this order: what belongs to a name stands before it.
enum Output: Int, Sendable, CaseIterable {
    case value, version, score, size, etag, modified, contentType, metadata, tag, state
    case name, names, values, scores, sizes, etags, times
    case columns, types, cells, rows
    case number, left, id, payload, channel, subscription, text

    var spelling: String { self == .contentType ? "content-type" : "\(self)" }

    /// The list that it is an item of, in a message that tells of one item.
    var list: Output? {
        switch self {
        case .value: .values
        case .score: .scores
        case .size: .sizes
        case .etag: .etags
        case .modified: .times
        default: nil
        }
    }
}
