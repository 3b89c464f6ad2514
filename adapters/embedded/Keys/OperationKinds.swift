// Which operations only read, and which can wait.

import Capabilities

extension Operation {
    /// Whether it changes nothing: it goes on while the log cannot be written.
    var isReading: Bool {
        switch self {
        case .keyValue(let operation):
            switch operation {
            case .get, .getVersioned, .getMany, .exists, .touch, .type, .length, .range, .expiry, .scan, .keys,
                .randomKey, .count:
                true
            default: false
            }
        case .hash(let operation):
            switch operation.action {
            case .set, .setIfAbsent, .delete, .increment, .incrementFloat: false
            default: true
            }
        case .list(let operation):
            switch operation {
            case .length, .range, .item, .position: true
            default: false
            }
        case .set(let operation):
            switch operation {
            case .contains, .members, .count, .random, .intersectionCount, .scan: true
            case .combine(_, _, let store): store == nil
            default: false
            }
        case .sortedSet(let operation):
            switch operation {
            case .scores, .rank, .count, .countRange, .range, .random, .intersectionCount, .scan: true
            case .combine(_, _, _, _, let store): store == nil
            default: false
            }
        case .publish, .inspectBus: true
        case .queue, .lock, .sequence: false
        }
    }

    /// How long it may wait; nil when it does not.
    var wait: Wait? {
        switch self {
        case .list(.move(_, _, _, _, let wait)), .list(.popFirst(_, _, _, let wait)),
            .sortedSet(.popFirst(_, _, _, let wait)), .queue(.reserve(_, _, let wait)):
            wait
        default: nil
        }
    }
}
