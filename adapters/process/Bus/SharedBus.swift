// The subscriptions of a backend: one stream for each topic, shared by the workers.

import Capabilities
import NIOCore
import SwiftProtobuf

/// Opens one stream for each topic, however many workers want it, and gives each message to all of them.
///
/// A process gets one stream where every worker with one of its own would take a thread of it, and a broker that
/// shares messages out among the subscribers of one name sees one of them. It belongs to the link's event loop.
final class SharedBus: @unchecked Sendable {
    private let link: Link
    private var topics: [BusTopic: SharedSubscription] = [:]

    init(_ link: Link) { self.link = link }

    /// Lets `member` have the messages of `topic`; it hears when that has begun, or that it cannot.
    func join(_ member: WorkerSubscriptions, _ topic: BusTopic, _ dialect: Deployment.Dialect) {
        link.loop.execute { [self] in
            if let subscription = topics[topic] { return subscription.join(member) }
            let subscription = SharedSubscription(topic, SubscriptionStream(topic, dialect), link) { [self] in
                topics[topic] = nil
            }
            topics[topic] = subscription
            subscription.join(member)
            subscription.open()
        }
    }

    func leave(_ member: WorkerSubscriptions, _ topic: BusTopic) {
        link.loop.execute { [self] in topics[topic]?.leave(member) }
    }

    /// A worker has given a message to its sinks.
    func taken(_ delivery: Delivery) {
        link.loop.execute { delivery.takenByOne() }
    }
}

/// A message on its way to the workers.
final class Delivery: @unchecked Sendable {
    private var remaining: Int
    private let whenTaken: () -> Void

    init(to count: Int, whenTaken: @escaping () -> Void) {
        remaining = count
        self.whenTaken = whenTaken
    }

    func takenByOne() {
        remaining -= 1
        if remaining == 0 { whenTaken() }
    }
}

/// One topic's stream.
final class SharedSubscription: CallObserver, @unchecked Sendable {
    /// Messages on their way to the workers before no more are read.
    private static let credit = 64

    private let topic: BusTopic
    private let stream: SubscriptionStream
    private let link: Link
    private let whenOver: () -> Void
    private var members: [WorkerSubscriptions] = []
    private var isOpen = false
    private var isOver = false
    private var call: Call?
    private var opening: Scheduled<Void>?

    init(_ topic: BusTopic, _ stream: SubscriptionStream, _ link: Link, whenOver: @escaping () -> Void) {
        self.topic = topic
        self.stream = stream
        self.link = link
        self.whenOver = whenOver
    }

    func open() {
        guard let first = stream.first else {
            return end(.invalid("this topic cannot be named in the process's schema"))
        }
        let call = Call(stream.method, CallOptions(waits: true, credit: Self.credit), self)
        self.call = call
        opening = link.loop.scheduleTask(in: .milliseconds(link.settings.timeout)) { [self] in
            guard !isOpen else { return }
            end(.unavailable("\(link.process) has not begun the subscription within \(link.settings.timeout) ms"))
            link.cancel(call)
        }
        let sent = stream.confirms ? nil : link.loop.makePromise(of: Void.self)
        sent?.futureResult.whenSuccess { [self] in opened() }
        link.begin(call, first, isLast: stream.confirms, sent: sent)
    }

    func join(_ member: WorkerSubscriptions) {
        if !members.contains(where: { $0 === member }) { members.append(member) }
        if isOpen { member.began(topic) }
    }

    func leave(_ member: WorkerSubscriptions) {
        members.removeAll { $0 === member }
        guard members.isEmpty, let call else { return }
        finish()
        link.cancel(call)
    }

    private func opened() {
        guard !isOpen, !isOver else { return }
        isOpen = true
        opening?.cancel()
        for member in members { member.began(topic) }
    }

    func messageReceived(_ bytes: [UInt8]) {
        guard !isOver else { return }
        switch stream.event(bytes) {
        case .subscribed:
            opened()
            grant()
        case .failed(let failure): give(up: failure)
        case .message(let message, let id):
            // What comes before the beginning was confirmed is nobody's yet.
            guard isOpen, !members.isEmpty else { return grant() }
            let delivery = Delivery(to: members.count) { [self] in
                if let acknowledgement = stream.acknowledgement(of: id), let call {
                    link.send(call, acknowledgement, sent: nil)
                }
                grant()
            }
            for member in members { member.deliver(message, of: topic, delivery) }
        case .broken: give(up: .protocolBroken("\(link.process) sent an event that is none of its schema"))
        }
    }

    private func grant() { if let call { link.grant(call, 1) } }

    private func give(up failure: Failure) {
        guard let call else { return }
        end(failure)
        link.cancel(call)
    }

    func callEnded(_ ending: CallEnding) {
        guard !isOver else { return }
        if case .finished(let status) = ending, status.isOK {
            return end(.indeterminate("\(link.process) ended the subscription"))
        }
        end(ending.failure(of: stream.method))
    }

    private func end(_ failure: Failure) {
        guard !isOver else { return }
        let members = members
        finish()
        for member in members { member.ended(topic, failure) }
    }

    private func finish() {
        isOver = true
        opening?.cancel()
        members = []
        whenOver()
    }
}
