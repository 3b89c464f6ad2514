// What the stream of a subscription says in each dialect.

import Capabilities
import SwiftProtobuf

/// The messages of one topic's stream.
struct SubscriptionStream: Sendable {
    enum Event {
        case subscribed
        case message(BusMessage, id: String)
        case failed(Failure)
        case broken
    }

    private let topic: BusTopic
    private let isDapr: Bool

    init(_ topic: BusTopic, _ dialect: Deployment.Dialect) {
        self.topic = topic
        if case .dapr = dialect { isDapr = true } else { isDapr = false }
    }

    var method: Method { isDapr ? DaprComponents.pullMessages : FairleadDialect.subscribe }

    /// Whether the process says when it has begun; Dapr's components do not, and there the topic's name has only been sent.
    var confirms: Bool { !isDapr }

    /// The first message to the process; nil when its schema has no way to name the topic.
    var first: [UInt8]? {
        switch (isDapr, topic) {
        case (false, .channel(let channel)): ProtoSubscribeRequest.with { $0.channel = channel.data }.encoded
        case (false, .pattern(let pattern)): ProtoSubscribeRequest.with { $0.pattern = pattern.data }.encoded
        case (true, .channel(let channel)):
            String(validating: channel, as: UTF8.self).flatMap { name in
                DaprPullMessagesRequest.with { $0.topic = .with { $0.name = name } }.encoded
            }
        case (true, .pattern): nil
        }
    }

    func event(_ bytes: [UInt8]) -> Event {
        isDapr ? daprEvent(bytes) : fairleadEvent(bytes)
    }

    private func fairleadEvent(_ bytes: [UInt8]) -> Event {
        switch ProtoSubscribeEvent(received: bytes)?.kind {
        case .subscribed: return .subscribed
        case .failure(let failure): return .failed(Failure(failure))
        case .message(let publication):
            let channel = publication.channel.array
            switch topic {
            case .channel(let name):
                guard channel.isEmpty || channel == name else { return .broken }
                return .message(BusMessage(channel: name, payload: publication.payload.array), id: "")
            case .pattern(let pattern):
                return .message(
                    BusMessage(channel: channel, payload: publication.payload.array, pattern: pattern), id: "")
            }
        case nil: return .broken
        }
    }

    private func daprEvent(_ bytes: [UInt8]) -> Event {
        guard let message = DaprPullMessagesResponse(received: bytes), case .channel(let name) = topic else {
            return .broken
        }
        let channel = message.topicName.isEmpty ? name : Array(message.topicName.utf8)
        return .message(BusMessage(channel: channel, payload: message.data.array), id: message.id)
    }

    /// What tells the process that everybody has a message; nil when it does not want to hear.
    func acknowledgement(of id: String) -> [UInt8]? {
        isDapr && !id.isEmpty ? DaprPullMessagesRequest.with { $0.ackMessageID = id }.encoded : nil
    }
}
