// The operations that a file can map: what goes in, what comes out, and which capability each serves.

import Capabilities

/// An operation of the language.
struct OperationShape: Sendable {
    var name: String
    var capability: Capability
    /// The names that its templates may use.
    var inputs: [Input]
    /// The fields that its answer is made from.
    var outputs: [Output]
    var text: String

    static func named(_ name: String) -> OperationShape? { all.first { $0.name == name } }

    static let all: [OperationShape] = kv + bus + lock + queue + sequence

    private static let kv: [OperationShape] =
        [
            .init("get", .keyValueGet, [.key], [.value], "The value of a key; missing without one."),
            .init("get-versioned", .keyValueCompareAndSet, [.key], [.value, .version], "The value and its version."),
            .init(
                "get-many", .keyValueMultiKey, [.keys], [.name, .value],
                "The values of several keys: {each keys}…{key}…{end}; one `more` message for each value, its key in `name`."
            ),
        ] + sets + [
            .init("get-and-expire", .keyValueTTL, [.key, .expiry], [.value], "The value, and a new expiry."),
            .init("get-and-delete", .keyValueExchange, [.key], [.value], "The value, which is gone afterwards."),
            .init("delete", .keyValueDelete, [.key], [], "Result when there was one, missing when not."),
            .init(
                "delete-version", .keyValueCompareAndSet, [.key, .version], [],
                "Deletes it if it has this version; conflict or missing when not."),
            .init("exists", .keyValueExists, [.key], [], "Result when it is there, missing when not."),
            .init("expire", .keyValueTTL, [.key, .expiry], [], "A new expiry for a key that is there."),
            .init(
                "expiry", .keyValueTTL, [.key], [.left],
                "How long it has left, in the unit of `expiry`; no `left` means no expiry."),
            .init("persist", .keyValueTTL, [.key], [], "Takes the expiry away; missing when there is none."),
            .init(
                "append", .keyValueAppend, [.key, .value], [.number],
                "Appends, and creates it when there is none; `number` is the new length."),
            .init("length", .keyValueRange, [.key], [.number], "The length of the value."),
            .init(
                "increment", .keyValueIncrement, [.key, .amount], [.number],
                "Adds to a decimal number of 64 bits, signed; missing counts as zero; `number` is the sum."),
            .init(
                "keys", .keyValueScan, [.page, .rangeStart, .rangeEnd, .items], [.names],
                "All keys, page by page, in the list field `names`; {items} is how many a page should have."),
            .init("count", .keyValueCount, [.rangeStart, .rangeEnd], [.number], "How many keys there are."),
            .init("clear", .keyValueClear, [.rangeStart, .rangeEnd], [], "Deletes everything."),
        ]

    private static let sets: [OperationShape] = [
        ("set", Capability.keyValueSet, "Sets a value."),
        ("set-if-absent", .keyValueConditionalSet, "Sets it if there is none; missing or conflict when there is."),
        ("set-if-present", .keyValueConditionalSet, "Sets it if there is one; missing when not."),
        ("set-if-version", .keyValueCompareAndSet, "Sets it if it has this version; conflict or missing when not."),
    ].flatMap { name, capability, text in
        let inputs: [Input] = [.key, .value] + (name == "set-if-version" ? [.version] : [])
        return [
            OperationShape(name, capability, inputs + [.expiry], [], text + " With {expiry} in it, it takes one too."),
            OperationShape(
                name + "-with-expiry", capability, inputs + [.expiry], [],
                text + " For values that expire, when they need something else."),
            OperationShape(name + "-keeping-expiry", capability, inputs, [], text + " The expiry that it had stays."),
        ]
    }

    private static let bus: [OperationShape] = [
        .init(
            "publish", .busPublish, [.channel, .payload], [.number],
            "A message to whoever listens; `number` is how many did, if the server tells."),
        .init(
            "subscribe", .busSubscribe, [.channel, .subscription], [],
            "Every message of a channel from now on; {subscription} is a number that Fairlead chose."),
        .init(
            "subscribe-prefix", .busPattern, [.prefix, .prefixEnd, .subscription], [],
            "Every message of the channels that begin with {prefix}: Redis patterns of plain text and a final *, all others are refused. {prefix-end} is the first name behind them all."
        ),
        .init("unsubscribe", .busSubscribe, [.subscription], [], "Ends a subscription."),
    ]

    private static let lock: [OperationShape] = [
        .init(
            "acquire", .lockAcquire, [.name, .owner, .expiry], [],
            "Result when `owner` has it now, missing or conflict when another has."),
        .init("release", .lockRelease, [.name, .owner], [], "Result when `owner` had it."),
        .init("extend", .lockExtend, [.name, .owner, .expiry], [], "Result when `owner` has it, and now for so long."),
    ]

    private static let queue: [OperationShape] = [
        .init(
            "put", .queuePut, [.queue, .payload, .delay], [.id],
            "An item for a queue, hidden for {delay} seconds; `id` is its name."),
        .init(
            "reserve", .queueReserve, [.queue, .visibility], [.id, .payload],
            "Takes an item for {visibility} seconds; missing when there is none."),
        .init("acknowledge", .queueAcknowledge, [.queue, .itemID], [], "Result when the item was still reserved."),
        .init("release-item", .queueRelease, [.queue, .itemID, .delay], [], "Gives the item back."),
    ]

    private static let sequence: [OperationShape] = [
        .init("next", .sequenceNext, [.name, .amount], [.number], "Reserves {amount} numbers; `number` is the last.")
    ]

    init(
        _ name: String, _ capability: Capability, _ inputs: [Input], _ outputs: [Output], _ text: String
    ) {
        self.name = name
        self.capability = capability
        self.inputs = inputs
        self.outputs = outputs
        self.text = text
    }
}

/// What a request brings, by the name that templates use.
///
/// The raw values below 16 are bytes, those above are numbers; operations share places, so that a request is small.
enum Input: Int, Sendable, CaseIterable {
    case key = 0, value, version
    case name = 3, owner, channel, payload, prefix, prefixEnd, page, rangeStart, rangeEnd, queue, itemID, last
    case keys = 15
    case expiry = 16, amount, subscription, delay, visibility, id, items

    static let numbersFrom = 16

    var spelling: String {
        switch self {
        case .prefixEnd: "prefix-end"
        case .rangeStart: "range-start"
        case .rangeEnd: "range-end"
        case .itemID: "item"
        default: "\(self)"
        }
    }

    /// The place in a request's inputs: bytes from 0 to 3, numbers from 16.
    var place: Int {
        switch self {
        case .key, .name, .channel, .prefix, .queue, .rangeStart: 0
        case .value, .owner, .payload, .prefixEnd, .rangeEnd, .itemID: 1
        case .version, .page: 2
        case .last: 3
        case .keys: 15
        case .expiry, .delay, .visibility, .subscription: 16
        case .amount, .items: 17
        case .id: 18
        }
    }
}

extension Input {
    /// What it is called among `inputs`: `key` means the request's name too, whatever it is the name of.
    func asked(of inputs: [Input]) -> Input? {
        if inputs.contains(self) || self == .id { return self }
        let names: [Input] = [.key, .keys, .name, .channel, .queue]
        return names.contains(self) ? inputs.first { names.contains($0) } : nil
    }

    /// Where its value is.
    var source: ValueSource { rawValue >= Self.numbersFrom ? .number(place) : .input(place) }
}

/// What an answer is made from, by the name of the field.
enum Output: Int, Sendable, CaseIterable {
    case value, version, name, names, number, left, id, payload, channel, subscription, text

    var spelling: String { "\(self)" }
}
