// One worker's subscribers.

import Capabilities
import Reactor

/// The sinks of one worker and what they listen to; touched on that worker's thread only, but for ``receive(_:_:_:)``.
final class LocalBus: @unchecked Sendable {
    private struct Subscription {
        let sink: any MessageSink
        /// Messages with a lower number were published before it.
        let number: UInt64
    }

    private let bus: EmbeddedBus
    /// Nil in tests that have no worker: everything happens on the caller's thread then.
    private let worker: Worker?
    private var channels: [[UInt8]: [Subscription]] = [:]
    /// In the order in which they were first subscribed to.
    private var patterns: [(pattern: [UInt8], subscriptions: [Subscription])] = []

    init(_ bus: EmbeddedBus, worker: Worker?) {
        self.bus = bus
        self.worker = worker
    }

    func subscribe(_ sink: any MessageSink, to topic: BusTopic) {
        guard !has(sink, topic) else { return }
        let subscription = Subscription(sink: sink, number: bus.add(topic, self))
        switch topic {
        case .channel(let name): channels[name, default: []].append(subscription)
        case .pattern(let pattern):
            if let index = patterns.firstIndex(where: { $0.pattern == pattern }) {
                patterns[index].subscriptions.append(subscription)
            } else {
                patterns.append((pattern, [subscription]))
            }
        }
    }

    func unsubscribe(_ sink: any MessageSink, from topic: BusTopic) {
        guard has(sink, topic) else { return }
        switch topic {
        case .channel(let name):
            channels[name]?.removeAll { $0.sink === sink }
            if channels[name]?.isEmpty == true { channels[name] = nil }
        case .pattern(let pattern):
            guard let index = patterns.firstIndex(where: { $0.pattern == pattern }) else { return }
            patterns[index].subscriptions.removeAll { $0.sink === sink }
            if patterns[index].subscriptions.isEmpty { patterns.remove(at: index) }
        }
        bus.remove(topic, self)
    }

    private func has(_ sink: any MessageSink, _ topic: BusTopic) -> Bool {
        switch topic {
        case .channel(let name): channels[name]?.contains { $0.sink === sink } ?? false
        case .pattern(let pattern):
            patterns.first { $0.pattern == pattern }?.subscriptions.contains { $0.sink === sink } ?? false
        }
    }

    /// Ends every subscription.
    func close() {
        for (name, subscriptions) in channels {
            for _ in subscriptions { bus.remove(.channel(name), self) }
        }
        for (pattern, subscriptions) in patterns {
            for _ in subscriptions { bus.remove(.pattern(pattern), self) }
        }
        channels = [:]
        patterns = []
    }

    /// Takes a message for the worker's sinks, from any worker's thread.
    func receive(_ payload: [UInt8], _ channel: [UInt8], _ number: UInt64) {
        guard let worker, !worker.isCurrent else { return deliver(payload, channel, number) }
        worker.submit { [self] in deliver(payload, channel, number) }
    }

    private func deliver(_ payload: [UInt8], _ channel: [UInt8], _ number: UInt64) {
        if let subscriptions = channels[channel] {
            let message = BusMessage(channel: channel, payload: payload)
            for subscription in subscriptions where subscription.number < number {
                subscription.sink.messageReceived(message)
            }
        }
        for (pattern, subscriptions) in patterns where Glob.matches(pattern, channel) {
            let message = BusMessage(channel: channel, payload: payload, pattern: pattern)
            for subscription in subscriptions where subscription.number < number {
                subscription.sink.messageReceived(message)
            }
        }
    }
}
