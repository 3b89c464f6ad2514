// What a protocol's front has to offer the gateway.

import Reactor

/// One trusted protocol: how its sessions are served and how its clients hear of failures.
///
/// The gateway knows no front by name; the command line hands it those it is to have.
package protocol Front: Sendable {
    /// What listeners and backends of this front speak.
    var wire: WireProtocol { get }
    /// Metric labels of the commands, by the index that the front reports them under.
    var commandNames: [String] { get }
    /// ALPN names that this front's listeners agree to, best first; empty for none.
    var listenerALPN: [String] { get }
    /// ALPN names that are offered to this front's backends.
    var backendALPN: [String] { get }

    /// Serves one client until either side is done or the task is cancelled; closing the client is the caller's part.
    func serve(_ session: Session) async

    /// Tells a client that it cannot be served, in its own protocol.
    func refuse(_ session: Session, because failure: GatewayFailure) async
}

extension Front {
    package var listenerALPN: [String] { [] }
    package var backendALPN: [String] { [] }
}
