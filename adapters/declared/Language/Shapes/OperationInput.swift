// What a request brings, by the names that templates use.

/// A name of a request's; operations share places, so that a request is small.
enum Input: Sendable, CaseIterable {
    case key, value, version
    case name, owner, channel, payload, prefix, prefixEnd, page, rangeStart, rangeEnd, queue, itemID, last
    case field, member, score, target, pivot, addend, takeSide, putSide
    case bucket, targetBucket, targetKey, contentType, metadata, etag, md5, after
    case statement, parameter
    // Numbers.
    case expiry, amount, subscription, delay, visibility, id, limit
    case index, start, stop, count, size, database, targetDatabase
    // Lists, for {each …}.
    case keys, fields, values, members, pairs, parameters

    var spelling: String {
        switch self {
        case .prefixEnd: "prefix-end"
        case .rangeStart: "range-start"
        case .rangeEnd: "range-end"
        case .itemID: "item"
        case .takeSide: "take"
        case .putSide: "put"
        case .targetBucket: "target-bucket"
        case .targetKey: "target-key"
        case .contentType: "content-type"
        case .targetDatabase: "target-database"
        case .limit: "items"
        default: "\(self)"
        }
    }

    /// The place in a request's inputs: bytes from 0, numbers from 16.
    ///
    /// Places up to 2 are at hand in every request; the others are kept apart.
    var place: Int {
        switch self {
        case .key, .name, .channel, .prefix, .queue, .rangeStart, .statement: 0
        case .value, .owner, .payload, .prefixEnd, .rangeEnd, .itemID, .member, .addend, .takeSide, .parameter: 1
        case .version, .page, .field, .score, .target, .pivot, .after: 2
        case .last, .putSide: 3
        case .bucket: 4
        case .targetBucket: 5
        case .targetKey: 6
        case .contentType: 7
        case .metadata: 8
        case .etag: 9
        case .md5: 10
        case .expiry, .delay, .visibility, .subscription, .index, .start: 16
        case .amount, .limit, .stop, .count, .size: 17
        case .id: 18
        case .database: 19
        case .targetDatabase: 20
        case .keys, .fields, .values, .members, .pairs, .parameters: -1
        }
    }

    var isNumber: Bool { place >= 16 }
    var isList: Bool { place < 0 }

    /// Names that a file's key rules hold for: what they let through can stand where they say.
    static let names: [Input] = [.key, .name, .channel, .queue, .prefix, .target, .bucket, .targetBucket, .targetKey]
    /// Any bytes at all.
    static let free: [Input] = [
        .value, .payload, .owner, .field, .member, .pivot, .contentType, .statement, .parameter,
    ]
}

extension Input {
    /// What it is called among `inputs`: `key` means the request's name too, whatever it is the name of.
    func asked(of inputs: [Input]) -> Input? {
        if inputs.contains(self) || self == .id { return self }
        let names: [Input] = [.key, .keys, .name, .channel, .queue]
        return names.contains(self) ? inputs.first { names.contains($0) } : nil
    }

    /// Where its value is.
    var source: ValueSource {
        if self == .parameter { return .parameter }
        return isNumber ? .number(place) : .input(place)
    }
}

/// A list that a template repeats itself for: `{each fields}…{field}…{end}`.
enum EachItems: String, Sendable, CaseIterable {
    case keys, fields, values, members, pairs, parameters

    /// All of them, for messages.
    static let spellings = allCases.map { "{each \($0.rawValue)}" }.joined(separator: " or ")

    var input: Input {
        switch self {
        case .keys: .keys
        case .fields: .fields
        case .values: .values
        case .members: .members
        case .pairs: .pairs
        case .parameters: .parameters
        }
    }

    /// Where an item stands while its turn is, and what belongs to it: the value of a field, the score of a member.
    var places: (item: Int, other: Int) {
        switch self {
        case .keys: (Input.key.place, -1)
        case .fields: (Input.field.place, -1)
        case .values, .parameters: (Input.value.place, -1)
        case .members: (Input.member.place, Input.score.place)
        case .pairs: (Input.field.place, Input.value.place)
        }
    }
}
