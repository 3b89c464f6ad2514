// Commands on a bus that need no subscription: publishing, and asking who listens.

import Capabilities
import RedisWire

/// PUBLISH and PUBSUB.
enum RedisBusCommands {
    static let entries: [RedisCommandEntry] = [
        .init("publish", 3, [.pubsub, .loading, .stale, .fast], .none, .pubsub, CapabilitySet(.busPublish)) {
            line, _ in
            .perform(.publish(channel: line.arguments[0], payload: line.arguments[1]), .integer)
        },
        .init("pubsub", -2, [], .none, .pubsub, CapabilitySet(.busInspect), inspect),
    ]

    /// Source: redis src/pubsub.c pubsubCommand.
    private static func inspect(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let name = line.arguments[0]
        let rest = Array(line.arguments[1...])
        if name.isWord("help") { return .reply(.help("pubsub")) }
        if name.isWord("channels") {
            guard rest.count <= 1 else { throw .subcommandSyntax(name, of: "pubsub") }
            return .perform(.inspectBus(.channels(match: rest.first)), .array)
        }
        if name.isWord("numpat") { return .perform(.inspectBus(.patternCount), .integer) }
        if name.isWord("numsub") {
            guard !rest.isEmpty else { return .reply(.emptyArray) }
            return .perform(.inspectBus(.subscriberCounts(channels: rest)), .counts(of: rest))
        }
        return .unsupported("pubsub|\(String(decoding: name, as: UTF8.self).lowercased())")
    }
}
