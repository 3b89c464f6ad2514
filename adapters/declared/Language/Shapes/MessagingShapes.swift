// Buses, locks, queues and sequences.

extension OperationShape {
    static let bus: [OperationShape] = [
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

    static let lock: [OperationShape] = [
        .init(
            "acquire", .lockAcquire, [.name, .owner, .expiry], [],
            "Result when `owner` has it now, missing or conflict when another has."),
        .init("release", .lockRelease, [.name, .owner], [], "Result when `owner` had it."),
        .init("extend", .lockExtend, [.name, .owner, .expiry], [], "Result when `owner` has it, and now for so long."),
    ]

    static let queue: [OperationShape] = [
        .init(
            "put", .queuePut, [.queue, .payload, .delay], [.id], needs: [[.id]],
            "An item for a queue, hidden for {delay} seconds; `id` is its name."),
        .init(
            "reserve", .queueReserve, [.queue, .visibility], [.id, .payload], needs: [[.id], [.payload]],
            "Takes an item for {visibility} seconds; missing when there is none."),
        .init("acknowledge", .queueAcknowledge, [.queue, .itemID], [], "Result when the item was still reserved."),
        .init("release-item", .queueRelease, [.queue, .itemID, .delay], [], "Gives the item back."),
    ]

    static let sequence: [OperationShape] = [
        .init(
            "next", .sequenceNext, [.name, .amount], [.number], needs: [[.number]],
            "Reserves {amount} numbers; `number` is the last.")
    ]
}
