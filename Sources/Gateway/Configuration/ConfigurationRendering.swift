// Writes a configuration as YAML that says every value that holds, defaults included, and no secret.

import Capabilities

extension Configuration {
    /// The configuration as YAML, with defaults written out; paths of keys stay, contents of files are never in it.
    ///
    /// Reading the result gives an equal configuration, but for passwords and secrets, which it does not tell.
    package func rendered() -> String {
        var lines = YAMLLines()
        if let workers { lines.add(.workers, "\(workers)") }
        if let admin { lines.add(.admin, admin.description) }
        lines.add(.shutdownGrace, DurationText.render(shutdownGrace))
        lines.open("log")
        lines.add(.logLevel, log.level.rawValue)
        lines.add(.logFormat, log.format.rawValue)
        lines.close()
        lines.open("usage")
        lines.add(.usageEnabled, "\(usage.isEnabled)")
        if let file = usage.file { lines.add(.usageFile, file) }
        lines.add(.usageSamples, "\(usage.samples)")
        lines.close()
        lines.open("listeners")
        for listener in listeners { listener.render(into: &lines) }
        lines.close()
        lines.open("backends")
        for backend in backends { backend.render(into: &lines) }
        for backend in privateBackends { backend.render(into: &lines) }
        lines.close()
        return lines.text
    }
}

/// YAML text under construction: nested mappings of scalars.
private struct YAMLLines {
    private(set) var text = ""
    private var depth = 0

    mutating func open(_ name: String) {
        text += indent + Self.quoted(name) + ":\n"
        depth += 1
    }

    mutating func close() { depth -= 1 }

    /// One mapping of a list; `render` writes it.
    mutating func item(_ render: (inout YAMLLines) -> Void) {
        var inner = YAMLLines()
        inner.depth = depth + 1
        render(&inner)
        text += indent + "- " + inner.text.dropFirst(2 * inner.depth)
    }

    mutating func add(_ key: ConfigurationKey, _ value: String) {
        text += "\(indent)\(key.name): \(isNumeric(key) ? value : Self.quoted(value))\n"
    }

    mutating func add(_ key: ConfigurationKey, list: [String]) {
        text += "\(indent)\(key.name): [\(list.map(Self.quoted).joined(separator: ", "))]\n"
    }

    mutating func add(_ key: ConfigurationKey, texts: [(String, String)]) {
        guard !texts.isEmpty else { return }
        open(key.name)
        for (name, text) in texts { self.text += "\(indent)\(Self.quoted(name)): \(Self.quoted(text))\n" }
        close()
    }

    private var indent: String { String(repeating: "  ", count: depth) }

    private func isNumeric(_ key: ConfigurationKey) -> Bool {
        switch key.kind {
        case .wholeNumber, .boolean: true
        default: false
        }
    }

    /// The text plain when that is safe in every YAML place, otherwise in double quotes.
    private static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            let scalar = Unicode.Scalar(byte)
            return scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "._-/:?=".unicodeScalars.contains(scalar))
        }
        let first = text.unicodeScalars.first
        if plain, let first, first.properties.isAlphabetic || first == "/" || ("0"..."9").contains(first),
            !text.hasSuffix(":"),
            !["true", "false", "null", "yes", "no", "on"].contains(text.lowercased())
        {
            return text
        }
        let body = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20: "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst()
            default: String(scalar)
            }
        }
        return "\"\(body.joined())\""
    }
}

extension RateLimit {
    fileprivate func render(as keys: ConfigurationKey.RateLimitKeys, into lines: inout YAMLLines) {
        lines.open(keys.section.name)
        lines.add(keys.commands, "\(commands)")
        lines.add(keys.burst, "\(burst)")
        lines.add(keys.owner, owner.rawValue)
        lines.add(keys.excess, excess.rawValue)
        lines.close()
    }
}

extension RouteConfiguration {
    fileprivate func render(into lines: inout YAMLLines) {
        if let prefix = match.prefix { lines.add(.routePrefix, prefix) }
        if let database = match.database { lines.add(.routeDatabase, "\(database)") }
        if let user = match.user { lines.add(.routeUser, user) }
        lines.add(.routeBackend, backend)
        if let rewrite { lines.add(.routeRewrite, rewrite) }
        rateLimit?.render(as: ConfigurationKey.routeRateLimit, into: &lines)
        if !required.isEmpty { lines.add(.routeRequire, list: required.map(\.description)) }
        shadow?.render(as: ConfigurationKey.routeShadow, into: &lines)
    }
}

extension ShadowConfiguration {
    fileprivate func render(as keys: ConfigurationKey.ShadowKeys, into lines: inout YAMLLines) {
        lines.open(keys.section.name)
        lines.add(keys.backend, backend)
        lines.add(keys.share, shareText)
        if let writes { lines.add(keys.writes, list: writes) }
        switch scratch {
        case .prefix(let prefix): lines.add(keys.scratchPrefix, prefix)
        case .database(let database): lines.add(keys.scratchDatabase, "\(database)")
        case .copy(let database): lines.add(keys.scratchDatabase, database)
        case .schema(let schema): lines.add(keys.scratchSchema, schema)
        case .bucket(let bucket): lines.add(keys.scratchBucket, bucket)
        case nil: break
        }
        if repeatsDefinitions { lines.add(keys.definitions, "true") }
        let names = masks.map(\.rawValue) + objectMasks.map(\.rawValue) + rowMasks.map(\.rawValue)
        lines.add(keys.masks, list: Set(names).sorted())
        lines.add(keys.learnNoise, "\(learnsNoise)")
        lines.add(keys.follows, "\(follows)")
        lines.close()
    }
}

extension MigrationConfiguration {
    fileprivate func render(into lines: inout YAMLLines) {
        lines.open(ConfigurationKey.migration.name)
        lines.add(.migrationTarget, target)
        lines.add(.migrationState, state)
        if let route {
            lines.open(ConfigurationKey.migrationRoute.name)
            if let prefix = route.prefix { lines.add(.migrationRoutePrefix, prefix) }
            if let database = route.database { lines.add(.migrationRouteDatabase, "\(database)") }
            if let user = route.user { lines.add(.migrationRouteUser, user) }
            if route.isCatchAll { lines.add(.migrationRouteRest, "true") }
            lines.close()
        }
        if largestRequest != Self.largestRequestDefault {
            lines.add(.migrationLargestRequest, SizeText.render(Int(largestRequest)))
        }
        lines.close()
    }
}

extension KeySampling {
    fileprivate func render(into lines: inout YAMLLines) {
        lines.open(ConfigurationKey.sampling.name)
        lines.add(.samplingEvery, "\(every)")
        lines.add(.samplingTop, "\(top)")
        lines.close()
    }
}

extension ListenerConfiguration {
    fileprivate func render(into lines: inout YAMLLines) {
        lines.open(name)
        lines.add(.listenerProtocol, self.protocol.rawValue)
        lines.add(.listen, list: listen.map(\.description))
        lines.add(.listenerBackend, backend)
        lines.add(.connections, "\(connections)")
        lines.add(.handshakeTimeout, DurationText.render(handshakeTimeout))
        lines.add(.idleTimeout, idleTimeout.map(DurationText.render) ?? "off")
        lines.add(.users, texts: users.keys.sorted().map { ($0, Self.hidden) })
        lines.add(.accessKeys, texts: accessKeys.keys.sorted().map { ($0, Self.hidden) })
        if let region { lines.add(.region, region) }
        if !domains.isEmpty { lines.add(.domains, list: domains) }
        if allowsAnonymous { lines.add(.allowAnonymous, "true") }
        if !catchAll.required.isEmpty { lines.add(.require, list: catchAll.required.map(\.description)) }
        if !denied.isEmpty { lines.add(.deny, list: denied.map(\.description)) }
        rateLimit?.render(as: ConfigurationKey.rateLimit, into: &lines)
        if !routes.isEmpty {
            lines.add(.split, "\(splits)")
            lines.open(ConfigurationKey.routes.name)
            for route in routes { lines.item { route.render(into: &$0) } }
            lines.close()
        }
        shadow?.render(as: ConfigurationKey.shadow, into: &lines)
        sampling?.render(into: &lines)
        migration?.render(into: &lines)
        if let tls { render(tls, into: &lines) }
        lines.close()
    }

    private static let hidden = "(not shown)"

    private func render(_ tls: ListenerTLS, into lines: inout YAMLLines) {
        lines.open("tls")
        switch tls {
        case .terminate(let settings):
            lines.add(.listenerTLSMode, "terminate")
            lines.add(.listenerCertificate, settings.certificate)
            lines.add(.listenerKey, settings.key)
            if let ca = settings.clientCA { lines.add(.clientCA, ca) }
            lines.add(.listenerMinimumVersion, settings.minimumVersion.rawValue)
            if self.protocol == .postgres { lines.add(.listenerTLSRequired, "\(settings.required)") }
        case .passthrough(let required):
            lines.add(.listenerTLSMode, "passthrough")
            lines.add(.listenerTLSRequired, "\(required)")
        }
        lines.close()
    }
}

extension BackendConfiguration {
    fileprivate func render(into lines: inout YAMLLines) {
        lines.open(name)
        lines.add(.backendURL, url)
        if self.protocol == .redis { lines.add(.backendMode, mode.rawValue) }
        if let login {
            lines.open(ConfigurationKey.login.name)
            if let user = login.user { lines.add(.loginUser, user) }
            switch login.password {
            case .text: lines.add(.loginPassword, "(not shown)")
            case .file(let path): lines.add(.loginPasswordFile, path)
            }
            if let region = login.region { lines.add(.loginRegion, region) }
            if login.addressing != .path { lines.add(.loginAddressing, login.addressing.rawValue) }
            lines.close()
        }
        if topology.isCluster { lines.add(.replicaReads, replicaReads.rawValue) }
        lines.add(.connectTimeout, DurationText.render(connectTimeout))
        lines.add(.responseTimeout, responseTimeout.map(DurationText.render) ?? "off")
        if let report { lines.add(.conformance, report) }
        if let pendingCommands { lines.add(.pendingCommands, "\(pendingCommands)") }
        if let pendingBytes { lines.add(.pendingBytes, SizeText.render(pendingBytes)) }
        if let circuitBreaker {
            lines.open(ConfigurationKey.circuitBreaker.name)
            lines.add(.breakerFailures, "\(circuitBreaker.failures)")
            lines.add(.breakerPause, DurationText.render(circuitBreaker.pause))
            lines.add(.slowStart, circuitBreaker.slowStart.map(DurationText.render) ?? "off")
            lines.close()
        }
        if self.protocol == .s3 {
            lines.add(.idleConnections, "\(idleConnections)")
            lines.add(.idleConnectionTimeout, DurationText.render(idleConnectionTimeout))
        }
        if let tls {
            lines.open("tls")
            if let ca = tls.ca { lines.add(.backendCA, ca) }
            if let certificate = tls.certificate { lines.add(.backendCertificate, certificate) }
            if let key = tls.key { lines.add(.backendKey, key) }
            lines.add(.serverName, tls.serverName)
            // `sslmode=require` says it in the URL, and the URL is written above.
            if !url.contains("sslmode=require") { lines.add(.verify, "\(tls.verify)") }
            lines.add(.backendMinimumVersion, tls.minimumVersion.rawValue)
            lines.close()
        }
        lines.close()
    }
}

extension Configuration {
    /// What is hashed to tell one configuration of a backend from another: its section with every default, without secrets.
    ///
    /// Where the file lies and what it says of the report is left out: neither changes what the backend does.
    func renderedAlone(_ name: String) -> String? {
        var lines = YAMLLines()
        if var backend = backend(named: name) {
            backend.report = nil
            backend.render(into: &lines)
        } else if var backend = privateBackend(named: name) {
            backend.conformance = .unstated
            backend.adapter = backend.written(backend.adapter)
            if var tls = backend.settings.tls {
                tls.ca = tls.ca.map(backend.written)
                tls.certificate = tls.certificate.map(backend.written)
                tls.key = tls.key.map(backend.written)
                backend.settings.tls = tls
            }
            backend.render(into: &lines)
        } else {
            return nil
        }
        return lines.text
    }
}

extension PrivateBackendConfiguration {
    private static let hidden = "(not shown)"

    /// `path` as the file has it, without the folder that it begins at.
    func written(_ path: String) -> String { RelativePath.written(path, below: settings.baseFolder) }

    fileprivate func render(into lines: inout YAMLLines) {
        lines.open(name)
        lines.add(.backendAdapter, adapter)
        if let url = settings.url { lines.add(.backendURL, url) }
        lines.add(.connectTimeout, DurationText.render(settings.connectTimeout))
        if let timeout = settings.responseTimeout { lines.add(.responseTimeout, DurationText.render(timeout)) }
        let options = settings.options.sorted { $0.key < $1.key }
        lines.add(.adapterOptions, texts: options.map { ($0.key, SecretNames.hides($0.key) ? Self.hidden : $0.value) })
        lines.add(.gaps, texts: gaps.sorted { $0.key.name < $1.key.name }.map { ($0.key.name, $0.value.rawValue) })
        switch conformance {
        case .unstated: break
        case .report(let path): lines.add(.conformance, path)
        case .unverified: lines.add(.conformance, ConformanceClaim.unverifiedWord)
        }
        if let tls = settings.tls {
            lines.open("tls")
            if let ca = tls.ca { lines.add(.backendCA, ca) }
            if let certificate = tls.certificate { lines.add(.backendCertificate, certificate) }
            if let key = tls.key { lines.add(.backendKey, key) }
            if let serverName = tls.serverName { lines.add(.serverName, serverName) }
            lines.add(.verify, "\(tls.verify)")
            lines.add(.backendMinimumVersion, tls.requiresTLS13 ? "1.3" : "1.2")
            lines.close()
        }
        lines.close()
    }
}
