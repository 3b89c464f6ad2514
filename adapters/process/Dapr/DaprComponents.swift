// Which of Dapr's component services a process offers, and what they said of themselves.

import Capabilities

/// A process with pluggable components of Dapr.
struct DaprComponents: Sendable, Equatable {
    static let package = "dapr.proto.components.v1"
    static let state = "\(package).StateStore"
    static let transactional = "\(package).TransactionalStateStore"
    static let pubSub = "\(package).PubSub"

    static let pullMessages = Method(pubSub, "PullMessages")

    var hasState: Bool
    var hasTransactions: Bool
    var hasPubSub: Bool
    /// The names of `Features` (state/feature.go of Dapr's components).
    var hasETags = false
    var hasTTL = false
    /// What `Publish` is to call the broker: the backend's name.
    var pubSubName = ""

    init(_ services: [String]) {
        hasState = services.contains(Self.state)
        hasTransactions = hasState && services.contains(Self.transactional)
        hasPubSub = services.contains(Self.pubSub)
    }

    var hasAny: Bool { hasState || hasPubSub }

    /// The question whether the process still answers.
    var probe: Probe { Probe(method: Method(hasState ? Self.state : Self.pubSub, "Ping"), message: []) }

    /// What the components can do, in the vocabulary's words.
    var manifest: Manifest {
        var manifest = Manifest(adapter: "dapr")
        if hasState { addState(&manifest) }
        if hasPubSub {
            manifest[.busPublish] = ManifestEntry(
                .native, weakenings: [.partial], note: "the number of receivers is not known and always 0")
            manifest[.busSubscribe] = ManifestEntry(
                .native, weakenings: [.atLeastOnce],
                note: "Dapr does not say when a subscription has begun; a message right behind it may be missed")
        }
        return manifest
    }

    private func addState(_ manifest: inout Manifest) {
        let text = "keys are UTF-8 text"
        let unclear = "an empty value without an ETag counts as missing"
        manifest[.keyValueGet] = ManifestEntry(.native, note: hasETags ? text : "\(text); \(unclear)")
        manifest[.keyValueSet] = ManifestEntry(.native, note: text)
        manifest[.keyValueExists] = ManifestEntry(.emulated, note: "by reading the value")
        manifest[.keyValueDelete] = ManifestEntry(
            hasETags ? .native : .emulated, weakenings: hasETags ? [] : [.notAtomic],
            note: "whether the key was there is read before it is deleted")
        manifest[.keyValueMultiKey] = ManifestEntry(
            .native, weakenings: hasTransactions ? [] : [.notAtomic], note: "several reads are never one snapshot")
        if hasETags {
            manifest[.keyValueCompareAndSet] = ManifestEntry(.native, note: "the version is the ETag")
        }
        if hasTTL {
            manifest[.keyValueTTL] = ManifestEntry(
                .native, weakenings: [.wholeSeconds, .partial], note: "a time to live is set together with a value only"
            )
        }
        if hasTransactions, hasETags {
            manifest[.keyValueTransaction] = ManifestEntry(
                .native, note: "sets and deletes only; a watched key has to be there, and be written")
        }
    }
}

/// The greeting of Dapr's components: `Init`, then `Features`.
enum DaprGreeting {
    static func run(
        _ link: Link, _ found: DaprComponents, _ settings: ProcessSettings
    ) async throws(GreetingFailure) -> (components: DaprComponents, manifest: Manifest) {
        var components = found
        components.pubSubName = settings.backend
        let metadata = DaprMetadataRequest.with { $0.properties = settings.metadata }
        if components.hasState {
            let request = DaprInitRequest.with { $0.metadata = metadata }.encoded ?? []
            _ = try await call(link, DaprComponents.state, "Init", request)
            let features = try await features(link, DaprComponents.state)
            components.hasETags = features.contains("ETAG")
            components.hasTTL = features.contains("TTL")
            components.hasTransactions = components.hasTransactions && features.contains("TRANSACTIONAL")
        }
        if components.hasPubSub {
            let request = DaprPubSubInitRequest.with { $0.metadata = metadata }.encoded ?? []
            _ = try await call(link, DaprComponents.pubSub, "Init", request)
            _ = try await features(link, DaprComponents.pubSub)
        }
        return (components, components.manifest)
    }

    private static func features(_ link: Link, _ service: String) async throws(GreetingFailure) -> [String] {
        let bytes = try await call(link, service, "Features", [])
        guard let features = DaprFeaturesResponse(received: bytes) else {
            throw GreetingFailure(text: "\(service)/Features answered with bytes that are no such message")
        }
        return features.features
    }

    private static func call(
        _ link: Link, _ service: String, _ name: String, _ message: [UInt8]
    ) async throws(GreetingFailure) -> [UInt8] {
        do throws(CallEnding) { return try await link.greetingCall(Method(service, name), message) } catch {
            throw GreetingFailure(text: "\(service)/\(name) failed: \(error.text)")
        }
    }
}
