// Which protocols are recorded, and by what.

import Reactor

/// The recorder of each protocol.
enum UsageTables {
    /// What can be seen of `wire`; nil when nothing is recorded of it.
    static func of(_ wire: WireProtocol) -> UsageTable? {
        switch wire {
        case .redis: RedisUsageTable.shared.table
        case .postgres, .s3: nil
        }
    }

    /// The recorder of one session of `wire`.
    static func recorder(of wire: WireProtocol, _ listener: ListenerUsage, _ client: Socket) -> SessionUsage {
        switch wire {
        case .redis: RedisUsage(listener, client: client)
        case .postgres, .s3: SessionUsage(listener, client: client)
        }
    }
}
