// The checks of contracts: that a backend covers what its traffic requires.

import Capabilities

/// Holds `require` to manifests and reports.
enum ContractChecks {
    /// Every contract that is not covered, by its key; `manifests` are those of private backends by name, as adapters declare them.
    static func findings(
        in configuration: Configuration, _ manifests: [String: Manifest]
    ) -> [ConfigurationChecks.Finding] {
        configuration.listeners.flatMap { listener in
            listener.allRoutes.enumerated().compactMap { index, route in
                let isOwn = index == listener.routes.count
                let key = "listeners.\(listener.name)" + (isOwn ? "" : ".routes[\(index)]") + ".require"
                return problem(of: route, listener, configuration, manifests).map { .init(key: key, message: $0) }
            }
        }
    }

    private static func problem(
        of route: RouteConfiguration, _ listener: ListenerConfiguration, _ configuration: Configuration,
        _ manifests: [String: Manifest]
    ) -> String? {
        guard !route.required.isEmpty else { return nil }
        let families = Set(AdapterChecks.families(of: listener.protocol))
        let foreign = route.required.filter { !families.contains($0.capability.family) }
        guard foreign.isEmpty else {
            return """
                \(foreign.map(\.description).joined(separator: ", ")): \(listener.protocol.rawValue) clients \
                cannot ask for that: remove it
                """
        }
        if let backend = configuration.backend(named: route.backend) { return problem(of: route, backend) }
        guard let backend = configuration.privateBackend(named: route.backend), let declared = manifests[backend.name]
        else { return nil }
        if declared.isPending {
            guard case .report = backend.conformance else { return untold(route, backend) }
        }
        let manifest = GapResolution(declared, gaps: backend.gaps).manifest
        var missing = route.required.compactMap { $0.shortfall(manifest[$0.capability]) }
        var source = "its manifest"
        if missing.isEmpty, case .report(let path) = backend.conformance {
            source = path
            // Whether the report can be read at all, and belongs to this backend, is the gate's business.
            guard let abilities = try? ReportHead(path: path).abilities else { return nil }
            missing = route.required.compactMap { $0.shortfall(abilities[$0.capability] ?? ManifestEntry(.refused)) }
        }
        guard !missing.isEmpty else { return nil }
        return """
            backend '\(backend.name)' (adapter \(manifest.adapter)) does not cover \
            \(missing.joined(separator: ", ")), by \(source): lead this traffic to another backend, or require less
            """
    }

    /// What an adapter says only once it is connected covers nothing before a socket is bound; a report of it does.
    private static func untold(_ route: RouteConfiguration, _ backend: PrivateBackendConfiguration) -> String {
        """
        backend '\(backend.name)' (adapter \(backend.adapter)) says what it can do only once it is \
        connected, so nothing shows that it covers \(route.required.map(\.description).joined(separator: ", ")): run \
        `fairlead conform \(backend.name) --config FILE --json REPORT` and name that report in \
        backends.\(backend.name).conformance, or take `require` out
        """
    }

    /// What a trusted backend does is what its protocol is made of, unless it names a report: that tells servers apart.
    private static func problem(of route: RouteConfiguration, _ backend: BackendConfiguration) -> String? {
        // Whether the report can be read at all, and belongs to this backend, is the gate's business.
        guard let path = backend.report, let runs = (try? ReportHead(path: path))?.runs else { return nil }
        let missing = route.required.compactMap {
            CapabilityCases($0.capability, of: backend.protocol).shortfall($0, runs)
        }
        guard !missing.isEmpty else { return nil }
        return """
            backend '\(backend.name)' is not proven to cover \(missing.joined(separator: ", ")), by \(path): \
            lead this traffic to another backend, or require less
            """
    }
}
