// Reads one backend that has an adapter from its section.

import Capabilities

extension ConfigurationDecoder {
    /// The private backend called `name`, or nil when a needed part of it could not be read.
    mutating func privateBackend(_ name: String, _ section: ConfigurationSection) -> PrivateBackendConfiguration? {
        let adapter = text(.backendAdapter, in: section)
        let url = section.has(.backendURL) ? text(.backendURL, in: section) : nil
        let options = texts(.adapterOptions, in: section) ?? []
        let connectTimeout = duration(.connectTimeout, in: section)
        let responseTimeout = duration(.responseTimeout, in: section)
        for key in [ConfigurationKey.idleConnections, .idleConnectionTimeout] where section.has(key) {
            add("only trusted S3 backends keep idle connections: remove this key", at: section.path(of: key))
        }
        if section.has(.login) {
            add("an adapter's credentials are among its options: remove this key", at: section.path(of: .login))
        }
        if section.has(.backendMode) {
            add("an adapter has connections of its own making: remove this key", at: section.path(of: .backendMode))
        }
        let tls = self.section(.backendTLS, in: section).flatMap { backendTLS($0, url: nil, always: true) }
        let gaps = gapPolicies(section)
        let conformance = text(.conformance, in: section)
        guard let adapter else { return nil }
        var settings = AdapterSettings(
            backend: name, url: url, options: Dictionary(uniqueKeysWithValues: options.map { ($0.name, $0.text) }))
        settings.baseFolder = folder
        settings.connectTimeout = connectTimeout.flatMap(\.self) ?? ConfigurationDefaults.connectTimeout
        settings.responseTimeout = responseTimeout ?? settings.responseTimeout
        settings.tls = tls.map(AdapterTLS.init)
        // A path is the configuration's, and begins where its other paths begin.
        let joined = AdapterRegistry.isPath(adapter) ? settings.absolute(adapter) : adapter
        var backend = PrivateBackendConfiguration(name: name, adapter: joined, settings: settings)
        backend.gaps = gaps
        if let conformance {
            backend.conformance =
                conformance == ConformanceClaim.unverifiedWord ? .unverified : .report(settings.absolute(conformance))
        }
        return backend
    }

    private mutating func gapPolicies(_ section: ConfigurationSection) -> [Capability: GapPolicy] {
        var gaps: [Capability: GapPolicy] = [:]
        for (name, text) in texts(.gaps, in: section) ?? [] {
            let path = "\(section.path(of: .gaps)).\(name)"
            guard let capability = Capability(rawValue: name) else {
                let clause = NearestWord.clause(for: name, among: Capability.allCases.map(\.name))
                add("no capability is called \"\(name)\"\(clause); `fairlead adapters show` lists them", at: path)
                continue
            }
            do throws(ValueError) {
                gaps[capability] = try ConfigurationNames.choice(text)
            } catch {
                add(error.message, at: path)
            }
        }
        return gaps
    }
}

extension AdapterTLS {
    /// The same settings as an adapter is told them.
    init(_ tls: BackendTLS) {
        self.init()
        ca = tls.ca
        certificate = tls.certificate
        key = tls.key
        serverName = tls.serverName.isEmpty ? nil : tls.serverName
        verify = tls.verify
        requiresTLS13 = tls.minimumVersion == .tls13
    }
}
