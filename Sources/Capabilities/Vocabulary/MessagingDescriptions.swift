// The capabilities of buses, queues, locks and sequences, in words.

extension Capability {
    var messagingDescription: CapabilityDescription {
        switch self {
        case .busPublish:
            CapabilityDescription(
                "Sends a message to whoever listens to a channel now.", in: "channel, bytes", out: "how many listened",
                "Messages of one publisher stay in order; nothing is kept for later.", bounds: [.keyBytes, .valueBytes])
        case .busSubscribe:
            CapabilityDescription(
                "Listens to a channel.", in: "channel", out: "messages",
                "Every message that is sent after the answer, once.")
        case .busPattern:
            CapabilityDescription(
                "Listens to all channels that match a glob.", in: "pattern", out: "messages with their channels",
                "As `bus.subscribe`.")
        case .busInspect:
            CapabilityDescription(
                "Tells channels and how many listen.", in: "pattern or channels", out: "names and numbers",
                "Exact at the time of the answer.")
        case .queuePut:
            CapabilityDescription(
                "Adds an item, at once or after a delay.", in: "queue, bytes, delay", out: "its id",
                "Durable when answered.",
                bounds: [.valueBytes])
        case .queueReserve:
            CapabilityDescription(
                "Takes the oldest item for a time, and waits for one if asked.", in: "queue, time, how long to wait",
                out: "id and bytes, or nothing", "One holder at a time; what is not acknowledged in time comes back.")
        case .queueAcknowledge:
            CapabilityDescription(
                "Ends an item that is held.", in: "queue, id", out: "whether it was held", "Durable when answered.")
        case .queueRelease:
            CapabilityDescription(
                "Gives an item back before its time.", in: "queue, id, delay", out: "whether it was held",
                "Durable when answered.")
        case .lockAcquire:
            CapabilityDescription(
                "Takes a lock that is free, or that the owner holds already.", in: "name, owner, time",
                out: "whether it is held",
                "At most one holder; it ends by itself after the time.", bounds: [.expirySeconds])
        case .lockRelease:
            CapabilityDescription(
                "Frees a lock.", in: "name, owner", out: "whether the owner held it", "Only the owner can.")
        case .lockExtend:
            CapabilityDescription(
                "Holds a lock for longer.", in: "name, owner, time", out: "whether the owner held it",
                "Only the owner can.")
        default:
            CapabilityDescription(
                "Gives the next numbers of a sequence.", in: "name, how many", out: "the last of them",
                "No number is given twice, not even after a crash; numbers may be left out.")
        }
    }
}
