// Any operation as a message; buses, queues, locks and sequences are here.

import Capabilities

extension ProtoOperation {
    init(_ operation: Capabilities.Operation) {
        self.init()
        kind =
            switch operation {
            case .keyValue(let operation): .init(operation)
            case .hash(let operation): .init(operation)
            case .list(let operation): .init(operation)
            case .set(let operation): .init(operation)
            case .sortedSet(let operation): .init(operation)
            case .publish(let channel, let payload):
                .publish(
                    .with {
                        $0.channel = channel.data
                        $0.payload = payload.data
                    })
            case .inspectBus(let inspection): .init(inspection)
            case .queue(let operation): .init(operation)
            case .lock(let operation): .init(operation)
            case .sequence(let name, let count):
                .sequenceNext(
                    .with {
                        $0.name = name.data
                        $0.count = count
                    })
            }
    }
}

extension ProtoOperation.OneOf_Kind {
    init(_ inspection: BusInspection) {
        switch inspection {
        case .channels(let match): self = .busChannels(.with { if let match { $0.match = match.data } })
        case .subscriberCounts(let channels): self = .busSubscriberCounts(.with { $0.channels = channels.data })
        case .patternCount: self = .busPatternCount(.init())
        }
    }

    init(_ operation: QueueOperation) {
        switch operation {
        case .put(let queue, let payload, let delay):
            self = .queuePut(
                .with {
                    $0.queue = queue.data
                    $0.payload = payload.data
                    $0.delay = delay
                })
        case .reserve(let queue, let visibility, let wait):
            self = .queueReserve(
                .with {
                    $0.queue = queue.data
                    $0.visibility = visibility
                    if let wait { $0.wait = .init(wait) }
                })
        case .acknowledge(let queue, let id):
            self = .queueAcknowledge(
                .with {
                    $0.queue = queue.data
                    $0.id = id.data
                })
        case .release(let queue, let id, let delay):
            self = .queueRelease(
                .with {
                    $0.queue = queue.data
                    $0.id = id.data
                    $0.delay = delay
                })
        }
    }

    init(_ operation: LockOperation) {
        switch operation {
        case .acquire(let name, let owner, let ttl): self = .lockAcquire(.init(name, owner, ttl))
        case .release(let name, let owner):
            self = .lockRelease(
                .with {
                    $0.name = name.data
                    $0.owner = owner.data
                })
        case .extend(let name, let owner, let ttl): self = .lockExtend(.init(name, owner, ttl))
        }
    }
}

extension ProtoLockHold {
    init(_ name: [UInt8], _ owner: [UInt8], _ ttl: Int64) {
        self.init()
        self.name = name.data
        self.owner = owner.data
        self.ttl = ttl
    }
}

extension Capabilities.Operation {
    /// How long it may wait, in milliseconds, zero for ever; nil when it does not wait.
    var waits: Int64? {
        switch self {
        case .list(.move(_, _, _, _, let wait)), .list(.popFirst(_, _, _, let wait)): wait?.milliseconds
        case .sortedSet(.popFirst(_, _, _, let wait)): wait?.milliseconds
        case .queue(.reserve(_, _, let wait)): wait?.milliseconds
        default: nil
        }
    }
}
