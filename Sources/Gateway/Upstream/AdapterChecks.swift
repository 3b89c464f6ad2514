// The checks that need the adapters: settings that only they can read, and fronts that have nothing to offer.

import Capabilities

/// Compares a configuration with the adapters that it names; touches neither disk nor network, but for adapter files.
package enum AdapterChecks {
    /// Every problem, by the concrete key that it concerns.
    package static func problems(of configuration: Configuration, _ adapters: AdapterRegistry) -> [String] {
        var problems: [String] = []
        var manifests: [String: Manifest] = [:]
        for backend in configuration.privateBackends {
            do throws(AdapterError) {
                manifests[backend.name] = try adapters.adapter(for: backend).manifest
            } catch {
                let key = error.key.isEmpty ? "" : ".\(error.key)"
                problems.append("backends.\(backend.name)\(key): \(error)")
            }
        }
        for listener in configuration.listeners {
            guard let manifest = manifests[listener.backend] else { continue }
            let families = families(of: listener.protocol)
            guard families.allSatisfy({ manifest.supported(in: $0).isEmpty }) else { continue }
            problems.append(
                """
                listeners.\(listener.name).backend: adapter \(manifest.adapter) has none of the capabilities that \
                \(listener.protocol.rawValue) clients can use (\(families.map(\.rawValue).joined(separator: ", "))); \
                lead this listener to another backend
                """)
        }
        return problems + ContractChecks.problems(of: configuration, manifests)
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
