// The whole configuration of one Fairlead process, as values that need no further checking.

import Reactor

/// What one Fairlead process does: where it listens, what it speaks there and where each listener leads.
///
/// A value made by ``ConfigurationFile`` or ``ConfigurationOptions`` has passed every check: each listener's backend exists and
/// speaks the listener's protocol, and no two listeners share an address.
package struct Configuration: Sendable, Equatable {
    /// The number of worker threads; nil means one per core.
    package var workers: Int?
    /// What they wait with, where the system has it.
    package var reactor = ConfigurationDefaults.reactor
    /// Where metrics, health and the configuration are served over HTTP; nil means nowhere.
    package var admin: Endpoint?
    /// What is logged and how.
    package var log = LogConfiguration()
    /// Whether it is recorded what applications use, and where that is kept.
    package var usage = UsageConfiguration()
    /// How long sessions may still run once a stop was asked for.
    package var shutdownGrace = ConfigurationDefaults.shutdownGrace
    /// The listeners, in the order in which they were written.
    package var listeners: [ListenerConfiguration]
    /// The trusted backends, in the order in which they were written.
    package var backends: [BackendConfiguration]
    /// The backends behind adapters, in the order in which they were written.
    package var privateBackends: [PrivateBackendConfiguration]

    package init(
        listeners: [ListenerConfiguration], backends: [BackendConfiguration],
        privateBackends: [PrivateBackendConfiguration] = []
    ) {
        self.listeners = listeners
        self.backends = backends
        self.privateBackends = privateBackends
    }

    /// Where a listener with the backend called `name` leads, for people.
    package func destination(of name: String) -> String {
        backend(named: name)?.destination ?? privateBackend(named: name)?.destination ?? name
    }

    /// The trusted backend called `name`, or nil when there is none.
    package func backend(named name: String) -> BackendConfiguration? {
        backends.first { $0.name == name }
    }

    /// The private backend called `name`, or nil when there is none.
    package func privateBackend(named name: String) -> PrivateBackendConfiguration? {
        privateBackends.first { $0.name == name }
    }
}

/// Whether it is recorded what applications use, and where that is kept.
package struct UsageConfiguration: Sendable, Equatable {
    package var isEnabled = ConfigurationDefaults.usage
    /// The path of the file that keeps it across restarts; nil for memory only.
    package var file: String?
    /// Redacted examples that are kept of a feature and an application, at most; zero for none.
    package var samples = ConfigurationDefaults.usageSamples

    package init() {}
}

/// What is logged and how.
package struct LogConfiguration: Sendable, Equatable {
    package var level = ConfigurationDefaults.logLevel
    package var format = ConfigurationDefaults.logFormat

    package init() {}
}

/// The least severe level that is logged; the names are swift-log's.
package enum LogLevel: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
}

/// How a log line is written; `auto` means text on a terminal and JSON otherwise.
package enum LogFormat: String, Sendable, CaseIterable {
    case auto, text, json
}

/// A trusted protocol: what a listener speaks and what a backend must speak as well.
package enum WireProtocol: String, Sendable, CaseIterable {
    case redis, postgres, s3
}

/// The values that hold where the configuration says nothing; the table of keys prints these same values.
package enum ConfigurationDefaults {
    package static let reactor = ReactorEngine.epoll
    package static let logLevel = LogLevel.info
    package static let logFormat = LogFormat.auto
    /// Shorter than the 30 s after which Kubernetes and Debian's init scripts lose patience.
    package static let shutdownGrace = Duration.seconds(20)
    package static let usage = true
    package static let usageSamples = 0
    package static let connections = 10_000
    package static let sampleEvery = 100
    package static let sampleTop = 20
    package static let handshakeTimeout = Duration.seconds(10)
    package static let minimumTLSVersion = MinimumTLS.tls12
    package static let connectTimeout = Duration.seconds(5)
    package static let idleConnections = 64
    /// S3 servers close an idle connection after about 5 s; closing first avoids sending into a closing one.
    package static let idleConnectionTimeout = Duration.seconds(4)
    package static let breakerFailures = 5
    package static let breakerPause = Duration.seconds(1)
    /// Hosts in the URL of a cluster or of sentinels; those that answer name the others.
    package static let mostSeeds = 32
}
