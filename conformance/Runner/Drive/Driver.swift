// What a wire's driver does for the runner: connect, act, and tell what came back.

import Capabilities

/// The clients of one wire: `hiredis`, `libpq` or `libcurl`, and a raw one for what those refuse to send.
///
/// A driver blocks; every call has a deadline and ends with it. It is used from many threads, a connection from one.
package protocol Driver: Sendable {
    /// The wire's name: `redis`, `postgres` or `s3`.
    var wire: String { get }
    /// What `client:` may say; the first is used where a case says nothing.
    var clients: [String] { get }
    /// The tags of values of the wire's own, such as `simple` and `error`.
    var types: Set<String> { get }
    /// The keys of a step that make it an action of this wire.
    var actions: Set<String> { get }

    /// Looks at an action when its file is loaded; what it says may still hold variables, such as `${p}key`.
    func check(_ action: Tree, client: String) throws(SuiteProblem)

    /// Asks the target who it is and what the needs of cases depend on.
    func survey(_ target: Target, deadline: Deadline) throws(DriverFailure) -> TargetFacts

    /// The variables of a case, among them the prefix or the names that it may touch; nothing is made yet.
    func variables(of scope: Scope) -> [String: String]
    /// Makes what a case lives in, such as a bucket or a schema.
    func open(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure)
    /// Removes everything that the case may have left.
    func close(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure)
    /// Removes what cases of the run called `run` have left under names that are not quite theirs, and says what stays behind.
    func sweep(_ run: String, on target: Target, deadline: Deadline) throws(DriverFailure) -> [String]

    /// Opens a connection; `options` is the `open:` step's mapping, or the case's `connection:`.
    func connect(
        _ target: Target, client: String, options: Tree?, scope: Scope, deadline: Deadline
    ) throws(DriverFailure) -> any DriverConnection

    /// The capability that an answer refuses by name, as Fairlead's translators do, or nil.
    func refusedCapability(in value: Value) -> String?
}

extension Driver {
    package func sweep(_ run: String, on target: Target, deadline: Deadline) throws(DriverFailure) -> [String] { [] }
}

/// One connection of a driver.
package protocol DriverConnection: AnyObject {
    /// Does one action and gives back what was observed; sent and received bytes go into `evidence`.
    func perform(_ action: Tree, deadline: Deadline, evidence: inout Evidence) throws(DriverFailure) -> Value
    /// Ends the connection as a client does that has finished.
    func close()
    /// Resets the connection, whatever is under way.
    func cut()
}

/// What a case may touch: nothing that does not carry its names.
package struct Scope: Sendable, Equatable {
    /// The run's own word, of lower-case letters and digits.
    package var run: String
    /// The case's number in the run.
    package var number: Int
    /// The case's name.
    package var name: String
    /// Which options the case asks for, such as buckets with versions: its `scope:` mapping.
    package var options: Tree?

    package init(run: String, number: Int, name: String, options: Tree? = nil) {
        self.run = run
        self.number = number
        self.name = name
        self.options = options
    }
}

/// What a target says of itself.
package struct TargetFacts: Sendable, Equatable {
    /// What the backend calls itself, such as `redis`, and its version, such as `7.0.15`.
    package var product: String
    package var version: String
    /// What the needs of cases can name, such as `cluster`, `tls`, `superuser` and `resp3`.
    package var features: Set<String>
    /// The effective manifest as the backend states it, by capability; empty where it states none.
    package var capabilities: [String: String]

    package init(
        product: String, version: String, features: Set<String> = [], capabilities: [String: String] = [:]
    ) {
        self.product = product
        self.version = version
        self.features = features
        self.capabilities = capabilities
    }
}

/// Why a driver could not do what a step asked for.
package struct DriverFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// No connection could be had.
        case unreachable
        /// The peer closed or reset the connection.
        case closed
        /// The deadline passed.
        case timedOut = "timed-out"
        /// What came is not the wire's protocol.
        case malformed
        /// The reference client will not do it.
        case unable
        /// The case asks for something that makes no sense, such as a connection that is not open.
        case mistaken
    }

    package var kind: Kind
    package var message: String
    /// What the target answered when it refused the connection; nil when it said nothing.
    package var answer: Value?

    package init(_ kind: Kind, _ message: String, answer: Value? = nil) {
        self.kind = kind
        self.message = message
        self.answer = answer
    }

    package var description: String { "\(kind.rawValue): \(message)" }
}
