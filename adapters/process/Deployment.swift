// What a greeting taught about the process that answers now.

import Capabilities
import Synchronization

/// A failed greeting: what is wrong with the process, as the rest of a sentence that names it.
struct GreetingFailure: Error, Equatable {
    var text: String
}

/// A process that can be used.
struct Deployment: Sendable {
    enum Dialect: Sendable {
        case fairlead
        case dapr(DaprComponents)
    }

    var dialect: Dialect
    var manifest: Manifest
    /// What the manifest does not refuse.
    var capabilities: CapabilitySet

    init(_ dialect: Dialect, _ manifest: Manifest) {
        self.dialect = dialect
        self.manifest = manifest
        capabilities = CapabilitySet()
        for capability in manifest.mentioned where manifest[capability].support != .refused {
            capabilities.insert(capability)
        }
    }

    /// Throws the refusal of the first of `needs` that the process does not have.
    func check(_ needs: CapabilitySet) throws(Failure) {
        guard !needs.isSubset(of: capabilities), let first = needs.subtracting(capabilities).members.first else {
            return
        }
        let note = manifest[first].note
        throw .refused(first, reason: note.isEmpty ? "the adapter process does not offer it" : note)
    }

    func has(_ family: CapabilityFamily) -> Bool { capabilities.members.contains { $0.family == family } }
}

/// The deployment that all workers of a backend see; it outlives the connection it was learned on.
final class DeploymentBox: Sendable {
    private let current = Mutex<(deployment: Deployment?, revision: Int)>((nil, 0))

    var value: Deployment? {
        get { current.withLock { $0.deployment } }
        set { current.withLock { $0 = (newValue, $0.revision + 1) } }
    }

    /// How many greetings there were.
    var revision: Int { current.withLock { $0.revision } }
}
