// The checks that need the adapters: settings that only they can read, and fronts that have nothing to offer.

import Capabilities

/// Compares a configuration with the adapters that it names; touches neither disk nor network, but for adapter files.
package enum AdapterChecks {
    /// Every finding in `configuration`.
    static func findings(in configuration: Configuration, _ adapters: AdapterRegistry) -> [ConfigurationChecks.Finding]
    {
        var findings: [ConfigurationChecks.Finding] = []
        var manifests: [String: Manifest] = [:]
        for backend in configuration.privateBackends {
            manifests[backend.name] = manifest(of: backend, adapters, &findings)
        }
        for listener in configuration.listeners {
            guard let manifest = manifests[listener.backend] else { continue }
            let families = families(of: listener.protocol)
            guard families.allSatisfy({ manifest.supported(in: $0).isEmpty }) else { continue }
            findings.append(
                .init(
                    key: "listeners.\(listener.name).backend",
                    message: """
                        adapter \(manifest.adapter) has none of the capabilities that \(listener.protocol.rawValue) clients can \
                        use (\(families.map(\.rawValue).joined(separator: ", "))); lead this listener to another backend
                        """))
        }
        return findings + ContractChecks.findings(in: configuration, manifests)
    }

    /// What the adapter of `backend` declares; nil where its settings leave none.
    private static func manifest(
        of backend: PrivateBackendConfiguration, _ adapters: AdapterRegistry,
        _ findings: inout [ConfigurationChecks.Finding]
    ) -> Manifest? {
        var backend = backend
        while true {
            do throws(AdapterError) { return try adapters.adapter(for: backend).manifest } catch {
                let key = error.key.isEmpty ? "" : ".\(error.key)"
                let finding = ConfigurationChecks.Finding(
                    key: "backends.\(backend.name)\(key)", message: error.description)
                guard !findings.contains(finding) else { return nil }
                findings.append(finding)
                // An adapter tells of one mistake; without the option that it is about it tells of the next.
                guard let dot = error.key.firstIndex(of: "."), error.key[..<dot] == "options",
                    backend.settings.options.removeValue(forKey: String(error.key[dot...].dropFirst())) != nil
                else { return nil }
            }
        }
    }

    /// The wires whose clients can use something of `manifest`.
    package static func wires(of manifest: Manifest) -> [WireProtocol] {
        WireProtocol.allCases.filter { wire in
            families(of: wire).contains { !manifest.supported(in: $0).isEmpty }
        }
    }

    /// What clients of a wire can make use of.
    static func families(of wire: WireProtocol) -> [CapabilityFamily] {
        switch wire {
        case .redis: [.keyValue, .hash, .list, .set, .sortedSet, .bus, .queue, .lock, .sequence]
        case .postgres: [.sql]
        case .s3: [.object]
        }
    }
}
