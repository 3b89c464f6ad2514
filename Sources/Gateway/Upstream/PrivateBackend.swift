// A private backend as sessions use it: an adapter, and a gate on each worker.

import Capabilities

/// A named target behind an adapter.
package final class PrivateBackend: Sendable {
    package let configuration: PrivateBackendConfiguration
    /// Its place among the gateway's private backends; workers keep its gate under this index.
    package let index: Int
    package let adapter: any Adapter
    /// What Redis clients have loaded with SCRIPT LOAD, whichever worker serves them.
    let scripts = RedisScriptStore()
    /// Who has which of the locks that stand in for conditional sets, whichever worker serves them.
    let locks = RedisLockClaims()

    /// Reads the settings; touches neither disk nor network.
    init(_ configuration: PrivateBackendConfiguration, index: Int, adapter: any Adapter) {
        self.configuration = configuration
        self.index = index
        self.adapter = adapter
    }

    package var name: String { configuration.name }

    /// The capabilities that are accepted without effect: the manifest and the configuration both say so.
    package func ignored(in manifest: Manifest) -> CapabilitySet {
        var ignored = CapabilitySet()
        for (capability, policy) in configuration.gaps
        where policy == .ignore && manifest[capability].support == .ignored {
            ignored.insert(capability)
        }
        return ignored
    }
}
