// The bus that all workers share: who listens where, by worker.

import Capabilities
import Synchronization

/// Channels and patterns, each with the number of its subscribers on every worker.
///
/// A message is handed over once to each worker that has a subscriber for it; which of the worker's sinks get it is
/// the worker's own business. A message and a subscription both carry a number from one counter, so that a message
/// that was published before a subscription is not given to it afterwards.
final class EmbeddedBus: Sendable {
    private struct State {
        var nextNumber: UInt64 = 0
        var channels: [[UInt8]: [Listeners]] = [:]
        var patterns: [[UInt8]: [Listeners]] = [:]
    }

    private struct Listeners {
        let local: LocalBus
        var count: Int
    }

    private let state = Mutex(State())

    /// Notes one more subscriber on a worker; the answer is the subscription's number.
    func add(_ topic: BusTopic, _ local: LocalBus) -> UInt64 {
        state.withLock { state in
            state.nextNumber += 1
            switch topic {
            case .channel(let name): Self.add(local, to: &state.channels[name, default: []])
            case .pattern(let pattern): Self.add(local, to: &state.patterns[pattern, default: []])
            }
            return state.nextNumber
        }
    }

    private static func add(_ local: LocalBus, to listeners: inout [Listeners]) {
        if let index = listeners.firstIndex(where: { $0.local === local }) {
            listeners[index].count += 1
        } else {
            listeners.append(Listeners(local: local, count: 1))
        }
    }

    func remove(_ topic: BusTopic, _ local: LocalBus) {
        state.withLock { state in
            switch topic {
            case .channel(let name): Self.remove(local, from: &state.channels[name])
            case .pattern(let pattern): Self.remove(local, from: &state.patterns[pattern])
            }
        }
    }

    private static func remove(_ local: LocalBus, from listeners: inout [Listeners]?) {
        guard let index = listeners?.firstIndex(where: { $0.local === local }) else { return }
        listeners?[index].count -= 1
        if listeners?[index].count == 0 { listeners?.remove(at: index) }
        if listeners?.isEmpty == true { listeners = nil }
    }

    /// Hands the message to every worker that has a subscriber for it; the answer is how many subscribers that are.
    ///
    /// Called on a worker's thread: its messages arrive everywhere in the order in which it published them, because
    /// what one worker hands to another stays in order.
    func publish(_ payload: [UInt8], to channel: [UInt8]) -> Int64 {
        let (targets, number, count) = state.withLock { state in
            state.nextNumber += 1
            var targets = state.channels[channel] ?? []
            for (pattern, listeners) in state.patterns where Glob.matches(pattern, channel) {
                for listener in listeners {
                    if let index = targets.firstIndex(where: { $0.local === listener.local }) {
                        targets[index].count += listener.count
                    } else {
                        targets.append(listener)
                    }
                }
            }
            return (targets.map(\.local), state.nextNumber, targets.reduce(0) { $0 + $1.count })
        }
        for local in targets { local.receive(payload, channel, number) }
        return Int64(count)
    }

    func inspect(_ inspection: BusInspection) -> Answer {
        state.withLock { state in
            switch inspection {
            case .channels(let match):
                let names = state.channels.keys.filter { name in
                    match.map { Glob.isEverything($0) || Glob.matches($0, name) } ?? true
                }
                return .list(names.map(Answer.bytes))
            case .subscriberCounts(let channels):
                return .list(
                    channels.map { .integer(Int64(state.channels[$0]?.reduce(0) { $0 + $1.count } ?? 0)) })
            case .patternCount: return .integer(Int64(state.patterns.count))
            }
        }
    }
}
