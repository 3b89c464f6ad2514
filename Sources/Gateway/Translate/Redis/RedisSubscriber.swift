// SUBSCRIBE and its kin, and the messages they bring.

import Capabilities
import RedisWire

/// What a client listens to.
struct RedisSubscriptionState {
    var channels: Set<[UInt8]> = []
    var patterns: Set<[UInt8]> = []
    /// A reply is being written, and a message must not stand within it.
    var holdsMessages = false
    /// Messages that wait for that reply.
    var held: [BusMessage] = []
    /// Bytes of those.
    var heldBytes = 0

    var count: Int { channels.count + patterns.count }
}

/// The two kinds of subscriptions: their words and their topics.
enum RedisSubscriptionKind {
    case channels, patterns

    var began: StaticString { self == .channels ? "subscribe" : "psubscribe" }
    var ended: StaticString { self == .channels ? "unsubscribe" : "punsubscribe" }
    var needs: CapabilitySet { self == .channels ? CapabilitySet(.busSubscribe) : CapabilitySet(.busPattern) }

    func topic(_ name: [UInt8]) -> BusTopic { self == .channels ? .channel(name) : .pattern(name) }
}

extension RedisTranslator {
    func subscribe(_ names: [[UInt8]], _ kind: RedisSubscriptionKind) async {
        client.showsThisReply = true
        for name in names {
            do throws(Failure) {
                try gate.check(kind.needs)
                guard let bus = gate.service.bus else { throw Self.noBus }
                if !isSubscribed(to: name, kind) {
                    try await bus.subscribe(self, to: kind.topic(name))
                    note(name, kind, isSubscribed: true)
                }
                confirm(kind.began, name)
            } catch {
                self.error(gate.redisError(error, RedisCommand(kind.began)), RedisCommand(kind.began))
            }
        }
    }

    /// Ends the subscriptions to `names`, or all of the kind when none is named.
    func unsubscribe(_ names: [[UInt8]], _ kind: RedisSubscriptionKind) async {
        client.showsThisReply = true
        let all = kind == .channels ? Array(subscriptions.channels) : Array(subscriptions.patterns)
        let leaving = names.isEmpty ? all : names
        if leaving.isEmpty { confirm(kind.ended, nil) }
        for name in leaving {
            await leave(name, kind)
            confirm(kind.ended, name)
        }
    }

    func unsubscribeFromEverything() async {
        for name in subscriptions.channels { await leave(name, .channels) }
        for name in subscriptions.patterns { await leave(name, .patterns) }
    }

    private func leave(_ name: [UInt8], _ kind: RedisSubscriptionKind) async {
        guard isSubscribed(to: name, kind) else { return }
        // A bus that cannot end a subscription has lost it: either way the client hears no more of it.
        try? await gate.service.bus?.unsubscribe(self, from: kind.topic(name))
        note(name, kind, isSubscribed: false)
    }

    private func isSubscribed(to name: [UInt8], _ kind: RedisSubscriptionKind) -> Bool {
        kind == .channels ? subscriptions.channels.contains(name) : subscriptions.patterns.contains(name)
    }

    private func note(_ name: [UInt8], _ kind: RedisSubscriptionKind, isSubscribed: Bool) {
        switch (kind, isSubscribed) {
        case (.channels, true): subscriptions.channels.insert(name)
        case (.channels, false): subscriptions.channels.remove(name)
        case (.patterns, true): subscriptions.patterns.insert(name)
        case (.patterns, false): subscriptions.patterns.remove(name)
        }
    }

    private func confirm(_ word: StaticString, _ name: [UInt8]?) {
        out.push(3)
        out.bulk(word)
        if let name { out.bulk(name) } else { out.null() }
        out.integer(Int64(subscriptions.count))
    }

    private static let noBus = Failure.refused(.busSubscribe, reason: "this adapter has no bus")
}

// MARK: - Messages

extension RedisTranslator: MessageSink {
    func messageReceived(_ message: BusMessage) {
        let size = message.payload.count + message.channel.count
        let waiting = session.client.queuedCount + out.bytes.count + subscriptions.heldBytes
        guard end == nil, waiting + size <= Self.subscriberBacklog else {
            if end == nil { end = .backlog }
            return session.waker.wake()
        }
        if subscriptions.holdsMessages {
            subscriptions.held.append(message)
            subscriptions.heldBytes += size
        } else {
            write(message)
            session.waker.wake()
        }
    }

    func subscriptionsLost(_ failure: Failure) {
        // There is no word in the protocol for it, and a client that goes on would wait in vain.
        if end == nil { end = .subscriptionsLost(gate.redisError(failure, .subscribe).text) }
        session.waker.wake()
    }

    /// Writes the messages that came while a reply was being written.
    func releaseMessages() {
        subscriptions.holdsMessages = false
        guard !subscriptions.held.isEmpty else { return }
        let held = subscriptions.held
        subscriptions.held = []
        subscriptions.heldBytes = 0
        for message in held { write(message) }
    }

    private func write(_ message: BusMessage) {
        session.metrics.pushes &+= 1
        if let pattern = message.pattern {
            guard subscriptions.patterns.contains(pattern) else { return }
            out.push(4)
            out.bulk("pmessage")
            out.bulk(pattern)
        } else {
            guard subscriptions.channels.contains(message.channel) else { return }
            out.push(3)
            out.bulk("message")
        }
        out.bulk(message.channel)
        out.bulk(message.payload)
    }
}
