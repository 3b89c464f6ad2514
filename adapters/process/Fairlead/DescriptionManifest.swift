// A process's description as a manifest.

import Capabilities

extension Manifest {
    /// Throws when the description holds what this gateway does not know: a limit that is not understood cannot be kept.
    init(_ description: ProtoDescription) throws(GreetingFailure) {
        guard description.schema == FairleadDialect.schema else {
            throw GreetingFailure(
                text: """
                    it speaks schema \(description.schema) of \(FairleadDialect.package); \
                    this gateway speaks \(FairleadDialect.schema)
                    """)
        }
        guard !description.name.isEmpty, description.name.utf8.count <= 64 else {
            throw GreetingFailure(text: "its description has no name of 1 to 64 bytes")
        }
        self.init(adapter: description.name)
        for message in description.capabilities {
            guard let capability = Capability(rawValue: message.name) else {
                let suggestion = NearestWord.clause(for: message.name, among: Capability.allCases.map(\.rawValue))
                throw GreetingFailure(text: "it lists \"\(message.name)\", which is no capability\(suggestion)")
            }
            self[capability] = try ManifestEntry(message)
        }
    }
}

extension ManifestEntry {
    init(_ message: ProtoCapability) throws(GreetingFailure) {
        let support: Support
        switch message.support {
        case .native: support = .native
        case .emulated: support = .emulated
        case .ignored: support = .ignored
        case .refused: support = .refused
        case .UNRECOGNIZED(let number):
            throw GreetingFailure(text: "it gives \"\(message.name)\" the unknown support \(number)")
        }
        self.init(support, note: String(message.note.prefix(500)))
        for (name, most) in message.bounds {
            guard let kind = BoundKind(rawValue: name), most >= 0 else {
                throw GreetingFailure(text: "it gives \"\(message.name)\" the bound \"\(name)\" \(most), which is none")
            }
            bounds[kind] = Int(most)
        }
        for name in message.weakenings {
            guard let weakening = Weakening(rawValue: name) else {
                throw GreetingFailure(text: "it gives \"\(message.name)\" the unknown weakening \"\(name)\"")
            }
            weakenings.insert(weakening)
        }
    }
}
