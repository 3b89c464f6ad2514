// Which protocols are recorded, and by what.

import Reactor

/// The recorder of each protocol.
enum UsageTables {
    /// What can be seen of `wire`.
    static func of(_ wire: WireProtocol) -> UsageTable {
        switch wire {
        case .redis: RedisUsageTable.shared.table
        case .postgres: PostgresUsageTable.shared.table
        case .s3: S3UsageTable.shared.table
        }
    }

    /// The recorder of one session of `wire`.
    static func recorder(of wire: WireProtocol, _ listener: ListenerUsage, _ client: Socket) -> SessionUsage {
        switch wire {
        case .redis: RedisUsage(listener, client: client)
        case .postgres: PostgresUsage(listener, client: client)
        case .s3: S3Usage(listener, client: client)
        }
    }
}
