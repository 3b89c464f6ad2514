// Reads one backend from its section.

import Yams

extension ConfigurationDecoder {
    /// The backend called `name`, or nil when a needed part of it could not be read.
    mutating func backend(_ name: String, _ section: ConfigurationSection) -> BackendConfiguration? {
        if !section.has(.backendURL) { missing(.backendURL, in: section) }
        let url = backendURL(section)
        for key in [ConfigurationKey.adapterOptions, .gaps] where section.has(key) {
            add("only a backend with an adapter has this: add adapter:, or remove this key", at: section.path(of: key))
        }
        let connectTimeout = duration(.connectTimeout, in: section)
        let responseTimeout = duration(.responseTimeout, in: section)
        let idleConnections = wholeNumber(.idleConnections, in: section)
        let idleConnectionTimeout = duration(.idleConnectionTimeout, in: section)
        let mode: BackendMode? = choice(.backendMode, in: section)
        let login = backendLogin(section)
        let replicaReads: ReplicaReads? = choice(.replicaReads, in: section)
        let tlsSection = self.section(.backendTLS, in: section)
        let tls = backendTLS(tlsSection, url: url?.parsed)
        guard let url else { return nil }
        if url.parsed.protocol != .s3 {
            for key in [ConfigurationKey.idleConnections, .idleConnectionTimeout] where section.has(key) {
                add(
                    """
                    only S3 backends keep idle connections, because each \(url.parsed.protocol.rawValue) session has one \
                    of its own: remove this key
                    """,
                    at: section.path(of: key))
            }
        }
        if url.parsed.protocol != .redis, mode == .shared {
            add(
                "only Redis clients can share a connection: remove this key, or write session",
                at: section.path(of: .backendMode))
        }
        if let login { check(login, url.parsed.protocol, section) }
        checkTopology(url.parsed.topology, mode, section)
        var backend = BackendConfiguration(
            name: name, url: url.text, protocol: url.parsed.protocol, endpoint: url.parsed.endpoint)
        backend.tls = tls
        backend.login = login
        backend.topology = url.parsed.topology
        backend.mode = mode ?? (backend.topology.isCluster ? .shared : backend.mode)
        backend.replicaReads = replicaReads ?? backend.replicaReads
        backend.connectTimeout = connectTimeout.flatMap(\.self) ?? backend.connectTimeout
        backend.responseTimeout = responseTimeout ?? backend.responseTimeout
        backend.idleConnections = idleConnections ?? backend.idleConnections
        backend.idleConnectionTimeout = idleConnectionTimeout.flatMap(\.self) ?? backend.idleConnectionTimeout
        backend.report = report(section)
        safety(section, of: &backend)
        return backend
    }

    private mutating func report(_ section: ConfigurationSection) -> String? {
        guard let path = text(.conformance, in: section) else { return nil }
        guard path != ConformanceClaim.unverifiedWord else {
            add(
                "only a backend with an adapter needs that word: name a report, or remove this key",
                at: section.path(of: .conformance))
            return nil
        }
        return absolute(path)
    }

    private mutating func check(_ login: BackendLogin, _ wire: WireProtocol, _ section: ConfigurationSection) {
        if wire == .postgres, login.user == nil {
            add("PostgreSQL knows no login without a user: add user", at: section.path(of: .login))
        }
        if wire == .s3, login.user == nil {
            add("a secret is an access key's: add user", at: section.path(of: .login))
        }
        if wire != .s3, login.region != nil || login.addressing != .path {
            add(
                "only requests of S3 have a bucket and are signed for a region: remove region and addressing",
                at: section.path(of: .login))
        }
    }

    private mutating func checkTopology(
        _ topology: RedisTopology, _ mode: BackendMode?, _ section: ConfigurationSection
    ) {
        if topology.isCluster, mode == .session {
            add(
                """
                a client's commands go to several nodes of a cluster, so it cannot have one connection: remove this key; for \
                clients that know clusters themselves write redis:// with one node
                """,
                at: section.path(of: .backendMode))
        }
        if !topology.isCluster, section.has(.replicaReads) {
            add("only a redis+cluster:// backend has replicas: remove this key", at: section.path(of: .replicaReads))
        }
    }

    private mutating func backendURL(_ section: ConfigurationSection) -> (text: String, parsed: BackendURL)? {
        let folder = folder
        return parsed(.backendURL, in: section) { text throws(ValueError) in
            (text, try BackendURL.parse(text, folder: folder))
        }
    }

    /// TLS towards a backend; nil for none.
    ///
    /// With `always` the section alone asks for it, whatever the URL says.
    mutating func backendTLS(
        _ section: ConfigurationSection?, url: BackendURL?, always: Bool = false
    ) -> BackendTLS? {
        var tls = BackendTLS(serverName: "")
        if case .host(let host, _) = url?.endpoint { tls.serverName = host }
        tls.verify = url?.security != .unverified
        if let section {
            tls.ca = file(.backendCA, in: section, holds: .certificates)
            tls.certificate = file(.backendCertificate, in: section, holds: .certificates)
            tls.key = file(.backendKey, in: section, holds: .privateKey)
            tls.serverName = text(.serverName, in: section) ?? tls.serverName
            let verify = boolean(.verify, in: section)
            let minimum: MinimumTLS? = choice(.backendMinimumVersion, in: section)
            tls.minimumVersion = minimum ?? tls.minimumVersion
            checkPair(section)
            if let url { checkSecurity(url, verify: verify, section) }
            tls.verify = verify ?? tls.verify
        }
        if always { return tls }
        switch url?.security {
        case .verified, .unverified: return tls
        case .open: return section == nil ? nil : tls
        case .clear, nil: return nil
        }
    }

    private mutating func checkPair(_ section: ConfigurationSection) {
        let reason = ": a client certificate and its key go together"
        if section.has(.backendCertificate), !section.has(.backendKey) {
            missing(.backendKey, in: section, because: reason)
        }
        if section.has(.backendKey), !section.has(.backendCertificate) {
            missing(.backendCertificate, in: section, because: reason)
        }
    }

    private mutating func checkSecurity(_ url: BackendURL, verify: Bool?, _ section: ConfigurationSection) {
        switch url.security {
        case .clear(let remedy):
            add(
                "the URL leads to this backend in the clear, so its TLS settings would do nothing: \(remedy)",
                at: section.path)
        case .unverified where verify == true:
            add("sslmode=require in the URL does not verify: write sslmode=verify-full", at: section.path(of: .verify))
        case .unverified where section.has(.backendCA) && verify == nil:
            add(
                "sslmode=require in the URL does not verify, so this would do nothing: write sslmode=verify-full",
                at: section.path(of: .backendCA))
        case .verified where verify == false && url.protocol == .postgres:
            add(
                "sslmode=verify-full in the URL says the contrary: write sslmode=require", at: section.path(of: .verify)
            )
        default: break
        }
        if verify == false, section.has(.backendCA) {
            add("with verify: false this would do nothing: remove one of the two", at: section.path(of: .backendCA))
        }
    }
}
