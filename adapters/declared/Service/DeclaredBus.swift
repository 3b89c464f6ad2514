// The bus of a declared adapter: subscriptions on a connection of their own, or on one each when answers are streams.

import Capabilities
import Multiplex
import Reactor

/// The family bus.
///
/// A lost connection ends its subscriptions: their sinks are told, because messages may be missing from there on.
final class DeclaredBus: BusService, @unchecked Sendable {
    private let calls: DeclaredCalls
    private let program: Program
    /// Only for subscriptions, so that what is pushed never waits behind requests.
    private let connections: DeclaredConnections
    private let multiplexer: Multiplexer
    @exclusivity(unchecked) private var subscriptions: [BusTopic: Subscription] = [:]
    @exclusivity(unchecked) private var byNumber: [Int64: Subscription] = [:]
    @exclusivity(unchecked) private var lastNumber: Int64 = 0
    private let channelSlot: Int?
    private let payloadSlot: Int?
    private let numberSlot: Int?

    /// One topic at the server, shared by the worker's sinks.
    private final class Subscription {
        let topic: BusTopic
        let number: Int64
        var sinks: [ObjectIdentifier: any MessageSink] = [:]
        /// With streams: the answer that never ends.
        var stream: DeclaredExchange?
        /// Those who wait for the server's word on it.
        var waiting: [Waker] = []
        var isOpen = false
        var failure: Failure?

        init(_ topic: BusTopic, _ number: Int64) {
            self.topic = topic
            self.number = number
        }
    }

    init(_ calls: DeclaredCalls, _ connections: DeclaredConnections, _ multiplexer: Multiplexer) {
        self.calls = calls
        self.connections = connections
        self.multiplexer = multiplexer
        program = calls.program
        channelSlot = program.slots.firstIndex(of: "channel")
        payloadSlot = program.slots.firstIndex(of: "payload")
        numberSlot = program.slots.firstIndex(of: "subscription")
        connections.onPush = { [unowned self] in pushReceived($0) }
        connections.onLost = { [unowned self] in connectionLost($0) }
    }

    private func mapped(_ shape: String, _ capability: Capability) throws(Failure) -> OperationProgram {
        guard let operation = program[shape] else {
            throw .refused(capability, reason: "the adapter maps no operation \"\(shape)\"")
        }
        return operation
    }

    // MARK: Publishing

    func publish(_ payload: [UInt8], to channel: [UInt8]) async throws(Failure) -> Int64 {
        let operation = try mapped("publish", .busPublish)
        try calls.checkValue(payload, .busPublish)
        var inputs = Inputs()
        inputs.first = try calls.name(channel, operation)
        inputs.second = payload
        return try await calls.run(operation, inputs).outputs.number ?? 0
    }

    func inspect(_ inspection: BusInspection) async throws(Failure) -> Answer {
        throw .refused(.busInspect, reason: "the adapter's file cannot map it")
    }

    // MARK: Subscribing

    func subscribe(_ sink: any MessageSink, to topic: BusTopic) async throws(Failure) {
        let id = ObjectIdentifier(sink)
        if let known = subscriptions[topic] {
            known.sinks[id] = sink
            return try await untilOpen(known, id)
        }
        let (operation, inputs) = try request(topic)
        try operation.checkPath(inputs)
        lastNumber += 1
        let subscription = Subscription(topic, lastNumber)
        subscription.sinks[id] = sink
        subscriptions[topic] = subscription
        byNumber[subscription.number] = subscription
        var numbered = inputs
        numbered.numberA = subscription.number
        if operation.steps.first?.isStream ?? false {
            openStream(subscription, operation, numbered)
        } else {
            open(subscription, operation, numbered)
        }
        try await untilOpen(subscription, id)
    }

    /// What is sent for a topic; patterns are plain text with one * at the end.
    private func request(_ topic: BusTopic) throws(Failure) -> (OperationProgram, Inputs) {
        var inputs = Inputs()
        switch topic {
        case .channel(let channel):
            let operation = try mapped("subscribe", .busSubscribe)
            inputs.first = try calls.name(channel, operation)
            return (operation, inputs)
        case .pattern(let pattern):
            let operation = try mapped("subscribe-prefix", .busPattern)
            inputs.first = try prefix(pattern, operation)
            // Behind every name, whatever stands before it.
            inputs.second =
                inputs.first.isEmpty ? Array(repeating: 255, count: 16) : DeclaredCalls.successor(inputs.first)
            return (operation, inputs)
        }
    }

    /// The text before the final *, when the pattern means nothing else.
    private func prefix(_ pattern: [UInt8], _ operation: OperationProgram) throws(Failure) -> [UInt8] {
        let prefix = Array(pattern.dropLast())
        let isPlain = pattern.last == 0x2A && !prefix.contains { [0x2A, 0x3F, 0x5B, 0x5C].contains($0) }
        guard isPlain else {
            throw .refused(.busPattern, reason: "a pattern is plain text with one * at its end here")
        }
        guard let separator = program.keys.separator, !prefix.isEmpty else { return prefix }
        let mark = String(decoding: [separator], as: UTF8.self)
        guard prefix.last == separator else {
            throw .refused(.busPattern, reason: "a pattern is whole words and \"\(mark)*\" here")
        }
        return try calls.name(Array(prefix.dropLast()), operation) + [separator]
    }

    /// Waits until the server has taken the subscription, for as long as an answer may take.
    private func untilOpen(_ subscription: Subscription, _ id: ObjectIdentifier) async throws(Failure) {
        let waker = Waker(worker: multiplexer.worker)
        waker.setDeadline(after: program.transport.replyTimeout &+ program.transport.connectTimeout)
        subscription.waiting.append(waker)
        while !subscription.isOpen, subscription.failure == nil, !waker.hasTimedOut { await waker.wait() }
        waker.setDeadline(after: nil)
        if let failure = subscription.failure { throw failure }
        guard !subscription.isOpen else { return }
        let failure = Failure.indeterminate("the backend did not answer a subscription in time")
        end(subscription, failure)
        throw failure
    }

    private func open(_ subscription: Subscription, _ operation: OperationProgram, _ inputs: Inputs) {
        let exchange = DeclaredExchange(program, operation.steps[0], inputs, connections.message)
        exchange.onEnd = { [unowned self] exchange in settled(subscription, exchange) }
        multiplexer.submit(exchange)
    }

    private func openStream(_ subscription: Subscription, _ operation: OperationProgram, _ inputs: Inputs) {
        let exchange = DeclaredExchange(program, operation.steps[0], inputs, connections.message)
        subscription.stream = exchange
        exchange.onPush = { [unowned self] message, frame in deliver(message, frame, to: subscription) }
        exchange.onOutcome = { outcome in
            guard outcome == .result else { return }
            subscription.isOpen = true
            for waker in subscription.waiting { waker.wake() }
            subscription.waiting = []
        }
        exchange.onEnd = { [unowned self] exchange in
            // We ended it ourselves.
            guard subscription.stream != nil else { return }
            if subscription.isOpen {
                end(subscription, exchange.failure?.asFailure ?? .indeterminate("the stream has ended"))
            } else {
                settled(subscription, exchange)
            }
        }
        multiplexer.submit(exchange)
    }

    /// The server has said what it thinks of a subscription.
    private func settled(_ subscription: Subscription, _ exchange: DeclaredExchange) {
        if exchange.failure == nil, exchange.outcome == .result {
            subscription.isOpen = true
        } else {
            subscription.failure = exchange.failure?.asFailure ?? calls.program.failure(exchange)
            forget(subscription)
        }
        for waker in subscription.waiting { waker.wake() }
        subscription.waiting = []
    }

    func unsubscribe(_ sink: any MessageSink, from topic: BusTopic) async throws(Failure) {
        guard let subscription = subscriptions[topic] else { return }
        subscription.sinks[ObjectIdentifier(sink)] = nil
        guard subscription.sinks.isEmpty else { return }
        forget(subscription)
        if let stream = subscription.stream {
            subscription.stream = nil
            multiplexer.abandon(stream)
            return
        }
        guard let operation = program["unsubscribe"] else { return }
        var inputs = Inputs()
        inputs.numberA = subscription.number
        // Nobody listens from here on, whatever the server answers.
        let exchange = DeclaredExchange(program, operation.steps[0], inputs, connections.message)
        do throws(MultiplexFailure) { try await multiplexer.perform(exchange) } catch { return }
    }

    // MARK: Messages

    private func pushReceived(_ frame: Span<UInt8>) {
        let message = connections.message
        if let numberSlot, let number = message.number(numberSlot, frame) {
            if let subscription = byNumber[number] { deliver(message, frame, to: subscription) }
            return
        }
        guard let channelSlot, let channel = message.bytes(channelSlot, frame) else { return }
        let known = subscriptions[.channel(program.keys.read(channel))]
        if let known { deliver(message, frame, to: known) }
    }

    private func deliver(_ message: Message, _ frame: Span<UInt8>, to subscription: Subscription) {
        guard !message.items.isEmpty else {
            let channel = channelSlot.flatMap { message.bytes($0, frame) }
            return deliver(channel, payloadSlot.flatMap { message.bytes($0, frame) } ?? [], to: subscription)
        }
        // Several messages in one: items of the same place belong together, and an empty payload may be left out.
        var (channel, payload): ([UInt8]?, [UInt8]) = (nil, [])
        var index = message.items[0].index
        for item in message.items {
            if item.index != index {
                deliver(channel, payload, to: subscription)
                (channel, payload, index) = (nil, [], item.index)
            }
            if item.slot == channelSlot { channel = item.value.asBytes }
            if item.slot == payloadSlot { payload = item.value.asBytes }
        }
        deliver(channel, payload, to: subscription)
    }

    private func deliver(_ channel: [UInt8]?, _ payload: [UInt8], to subscription: Subscription) {
        let message: BusMessage
        switch subscription.topic {
        case .channel(let name): message = BusMessage(channel: name, payload: payload)
        case .pattern(let pattern):
            message = BusMessage(channel: program.keys.read(channel ?? []), payload: payload, pattern: pattern)
        }
        for sink in subscription.sinks.values { sink.messageReceived(message) }
    }

    // MARK: Loss

    private func connectionLost(_ failure: MultiplexFailure) {
        for subscription in Array(subscriptions.values) where subscription.stream == nil && subscription.isOpen {
            end(subscription, failure.asFailure)
        }
    }

    private func end(_ subscription: Subscription, _ failure: Failure) {
        forget(subscription)
        subscription.failure = failure
        if let stream = subscription.stream {
            subscription.stream = nil
            multiplexer.abandon(stream)
        }
        if subscription.isOpen { for sink in subscription.sinks.values { sink.subscriptionsLost(failure) } }
        subscription.sinks = [:]
    }

    private func forget(_ subscription: Subscription) {
        if subscriptions[subscription.topic] === subscription { subscriptions[subscription.topic] = nil }
        byNumber[subscription.number] = nil
    }

    func close() async { await multiplexer.close() }
}
