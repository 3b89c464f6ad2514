// An adapter file as types: what it says, with places, before names are resolved.

import Capabilities

/// What an adapter file says.
struct AdapterDescription: Sendable {
    var name = ""
    var summary = ""
    var transport = TransportDescription()
    var settings: [SettingDescription] = []
    var framing = FramingDescription.untilClose
    var payload = Payload.bytes
    /// The field that carries the id; nil for answers in order.
    var idField: (name: String, place: DocumentPlace)?
    var limits = LimitsDescription()
    var keys = KeyRules()
    var expiry = ExpiryRules()
    var escapes: [(plain: [UInt8], escaped: [UInt8])] = []
    var fields: [(name: String, path: FieldPath, place: DocumentPlace)] = []
    var messages: [MessageDescription] = []
    var login: [StepDescription] = []
    var keepAlive: (every: UInt64, step: StepDescription)?
    var manifest = Manifest(adapter: "")
    var capabilityPlaces: [Capability: DocumentPlace] = [:]
    var operations: [OperationDescription] = []
}

struct SettingDescription: Sendable {
    var name: String
    /// Nil when the configuration has to give it.
    var standard: String?
    var text: String
}

/// How the server is reached; times in nanoseconds.
struct TransportDescription: Sendable {
    var schemes: [String] = []
    var port: Int?
    var connections = 1
    var pipeline: Int?
    var connectTimeout: UInt64 = 5_000_000_000
    var replyTimeout: UInt64 = 5_000_000_000
    var idleTimeout: UInt64?

    static let schemes = ["tcp", "unix", "tls", "http", "https"]
}

enum Payload: String, Sendable, CaseIterable {
    case bytes, json, msgpack
}

/// Bounds on what the server says.
struct LimitsDescription: Sendable, Equatable {
    var frame = 16 << 20
    var depth = 32
    var items = 100_000
    var attempts = 16
}

enum FramingDescription: Sendable {
    case lines(end: [UInt8], longest: Int)
    case length(width: Int, isBig: Bool, countsAll: Bool)
    case header(HeaderDescription)
    case http(HTTPDescription)
    case untilClose
}

struct HTTPDescription: Sendable {
    /// Header fields of every request.
    var headers: [(name: String, value: Template)] = []
    /// Fields that are header fields of an answer: their names there, in small letters, and filters.
    var fields: [(name: String, header: [UInt8], filters: [Filter], place: DocumentPlace)] = []
}

struct HeaderDescription: Sendable {
    var isBig = true
    var fields: [(name: String, width: Int)] = []
    var body: String = ""
    var bodyPlace = DocumentPlace()
    var countsAll = false
    /// The length's field, nil for the rest.
    var parts: [(name: String, length: String?, place: DocumentPlace)] = []
    var constants: [(name: String, value: UInt64, place: DocumentPlace)] = []
    /// Fields that every answer repeats from its request.
    var echo: [(name: String, place: DocumentPlace)] = []
}

struct MessageDescription: Sendable {
    var name: String
    var place: DocumentPlace
    var line: LinePattern?
    var body: (field: String, length: String, end: [UInt8], place: DocumentPlace)?
    var condition: Condition?
    /// Fields that have to be what the request has under a name.
    var echoes: [(field: String, input: Input, place: DocumentPlace)] = []
    var outcome: Outcome?
    var goesOn = false
    var closes = false
    var answer: Template?
}

struct StepDescription: Sendable {
    var place = DocumentPlace()
    var send: SendDescription?
    var rules: [(message: String, place: DocumentPlace, rules: [RuleDescription])] = []
    /// The messages that can answer it, besides those of the rules and errors; nil for all.
    var expects: [(message: String, place: DocumentPlace)]?
    var condition: Condition?
}

struct RuleDescription: Sendable {
    var outcome: Outcome
    var place: DocumentPlace
    var condition: Condition?
    var goesOn = false
    var outputs: [(output: Output, field: String, place: DocumentPlace)] = []
}

struct OperationDescription: Sendable {
    var shape: OperationShape
    var place: DocumentPlace
    var steps: [StepDescription]
    var pages: (condition: Condition, next: Template)?
    var isStream = false
    var longestKey: Int?
    /// What stands before the name.
    var prefix: (text: [UInt8], place: DocumentPlace)?

    /// Whether a template of it names `name`.
    func mentions(_ name: String) -> Bool { steps.contains { $0.send?.mentions(name) ?? false } }

    /// Whether it sends several items of a request in one exchange.
    var takesSeveral: Bool { shape.items.map { mentions($0.rawValue) } ?? false }
}

/// What goes out in one exchange.
struct SendDescription: Sendable {
    enum Part: Sendable {
        case template(Template)
        case json(DataTree)
        case msgpack(DataTree)

        func mentions(_ name: String) -> Bool {
            switch self {
            case .template(let template): template.mentions(name)
            case .json(let tree), .msgpack(let tree): tree.mentions(name)
            }
        }
    }

    var place = DocumentPlace()
    var parts: [Part] = []
    var method: String?
    var path: Template?
    var headers: [(name: String, value: Template)] = []
    /// With a binary header: its fields, and the parts of the body.
    var fields: [(name: String, value: Template)] = []
    var bodyParts: [(name: String, parts: [Part])] = []

    func mentions(_ name: String) -> Bool {
        parts.contains { $0.mentions(name) } || path?.mentions(name) ?? false
            || (headers + fields).contains { $0.value.mentions(name) }
            || bodyParts.contains { $0.parts.contains { $0.mentions(name) } }
    }
}

/// A value of JSON or MessagePack, with templates in it.
indirect enum DataTree: Sendable {
    case text(Template)
    /// `true`, `false`, `null` or a number, as it was written.
    case word(String)
    case list([DataTree])
    case mapping([(name: String, value: DataTree)])
    /// In a list: this for each item of a list of the request.
    case each(EachItems, DataTree, place: DocumentPlace)

    func mentions(_ name: String) -> Bool {
        switch self {
        case .text(let template): template.mentions(name)
        case .word: false
        case .list(let items): items.contains { $0.mentions(name) }
        case .each(let items, let inner, _): items.rawValue == name || inner.mentions(name)
        case .mapping(let entries): entries.contains { $0.value.mentions(name) }
        }
    }
}

extension AdapterDescription {
    /// How many numbered sets of keys there are.
    var databases: Int {
        let entry = manifest[.keyValueDatabases]
        return entry.support == .refused ? 1 : entry.bounds[.databases] ?? 1
    }

    /// The families of values besides bytes that it has.
    var structures: [CapabilityFamily] {
        [.hash, .list, .set, .sortedSet].filter { !manifest.supported(in: $0).isEmpty }
    }

    /// Requests of one connection that may wait for their answers.
    var pipeline: Int {
        if let pipeline = transport.pipeline { return pipeline }
        switch framing {
        case .http, .untilClose: return 1
        case .lines, .header, .length: return 256
        }
    }
}
