// An adapter: what makes services of one private protocol for the backends that ask for it.

/// The part of a backend's configuration that is the adapter's to read.
public struct AdapterSettings: Sendable, Equatable {
    /// The backend's name, for errors and logs.
    public var backend: String
    /// The URL as it was written; nil when there is none.
    public var url: String?
    /// The backend's `options:`; each adapter documents its own, and refuses those it does not know.
    public var options: [String: String]
    /// Where relative paths begin; nil for the process's own folder.
    public var baseFolder: String?
    /// How long name resolution, connecting and a login may take together.
    public var connectTimeout = Duration.seconds(5)
    /// How long an answer may take; nil leaves it to the adapter.
    public var responseTimeout: Duration?
    /// TLS towards the backend; nil for none, unless the URL asks for it.
    public var tls: AdapterTLS?

    public init(backend: String, url: String? = nil, options: [String: String] = [:]) {
        self.backend = backend
        self.url = url
        self.options = options
    }

    /// `path` as it is when absolute, else below ``baseFolder``.
    public func absolute(_ path: String) -> String { RelativePath.joined(path, to: baseFolder) }
}

/// TLS towards a private backend; files are paths of PEM files.
public struct AdapterTLS: Sendable, Equatable {
    /// The authorities that are trusted; nil for the system's.
    public var ca: String?
    public var certificate: String?
    public var key: String?
    /// The name in the backend's certificate; nil for the URL's host.
    public var serverName: String?
    public var verify = true
    public var requiresTLS13 = false

    public init() {}
}

/// A mistake in a backend's configuration that only its adapter can see.
public struct AdapterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The key it is about: `url`, `options.NAME`, or empty.
    public var key: String
    /// One sentence: what was expected, what came, and what to do.
    public var description: String

    public init(key: String = "", _ description: String) {
        self.key = key
        self.description = description
    }
}

/// One backend of a private protocol; shared by all workers.
public protocol Adapter: Sendable {
    /// What it can do before it has connected to anything.
    var manifest: Manifest { get }

    /// Opens what all workers share; called once, before any service is made. Need not reach the backend.
    func start() async throws(AdapterError)

    /// What an operator should know of the start, one sentence each, for the log.
    var notices: [String] { get }

    /// The service of one worker; called once on each worker's thread.
    func makeService() -> any Service

    /// Gives up what all workers share; called once, after every service was closed.
    func stop() async
}

extension Adapter {
    public func start() async throws(AdapterError) {}
    public var notices: [String] { [] }
    public func stop() async {}
}

/// A kind of adapter, as a configuration names it.
public struct AdapterKind: Sendable {
    /// The name that `adapter:` takes.
    public var name: String
    /// One line for `fairlead adapters list`.
    public var summary: String
    /// What every backend of this kind can do; nil when that depends on its settings.
    public var manifest: Manifest?
    /// Makes the adapter of one backend; reads the settings and touches neither disk nor network.
    public var make: @Sendable (AdapterSettings) throws(AdapterError) -> any Adapter

    public init(
        name: String, summary: String, manifest: Manifest? = nil,
        make: @escaping @Sendable (AdapterSettings) throws(AdapterError) -> any Adapter
    ) {
        self.name = name
        self.summary = summary
        self.manifest = manifest
        self.make = make
    }
}
