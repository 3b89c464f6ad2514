// Which nodes serve which slots, as a node tells it in its reply to CLUSTER SLOTS.

import Wire

/// The slots of a cluster with their masters and replicas.
package struct RedisClusterMap: Equatable, Sendable {
    /// The nodes that serve the same slots.
    package struct Shard: Equatable, Sendable {
        package var master: RedisNodeAddress
        package var replicas: [RedisNodeAddress]
    }

    package private(set) var shards: [Shard] = []
    /// By slot: one more than the place of its shard, or zero when nobody is known to serve it.
    private var places = [UInt16](repeating: 0, count: RedisSlot.count)

    /// A map without a node.
    package init() {}

    /// The shard that serves `slot`.
    package func shard(of slot: RedisSlot) -> Shard? {
        let place = places[slot.number]
        return place == 0 ? nil : shards[Int(place) &- 1]
    }

    /// The place of the shard that serves `slot` among ``shards``.
    @inline(__always)
    package func place(of slot: RedisSlot) -> Int? {
        let place = places[slot.number]
        return place == 0 ? nil : Int(place) &- 1
    }

    /// Slots that somebody is known to serve.
    package var servedCount: Int { places.count { $0 != 0 } }

    /// Notes what MOVED said; a node that is not known yet becomes a shard without replicas.
    ///
    /// False when there are as many shards as are kept, and nothing was noted.
    @discardableResult
    package mutating func move(_ slot: RedisSlot, to master: RedisNodeAddress) -> Bool {
        var place = shards.firstIndex { $0.master == master }
        if place == nil, RedisLimits.clusterShards.allows(shards.count + 1) {
            place = shards.count
            shards.append(Shard(master: master, replicas: []))
        }
        guard let place else { return false }
        places[slot.number] = UInt16(place + 1)
        return true
    }

    /// Reads the whole reply to CLUSTER SLOTS in `bytes`; nil when it is none, or beyond the bounds.
    ///
    /// `asked` is the host of the node that answered: an empty or unknown host in the reply is that one.
    package init?(_ bytes: Bytes, asked: String) {
        var reader = RedisReplyReader()
        guard case .aggregate(let count)? = reader.next(bytes), RedisLimits.clusterRanges.allows(count) else {
            return nil
        }
        var known: [RedisNodeAddress: Int] = [:]
        for _ in 0..<count {
            guard case .aggregate(let parts)? = reader.next(bytes), parts >= 3,
                RedisLimits.shardNodes.allows(parts - 2),
                case .number(let low)? = reader.next(bytes), case .number(let high)? = reader.next(bytes),
                RedisSlot(low) != nil, RedisSlot(high) != nil, low <= high
            else { return nil }
            var nodes: [RedisNodeAddress?] = []
            for _ in 2..<parts {
                guard let node = Self.node(&reader, bytes, asked) else { return nil }
                nodes.append(node.address)
            }
            // A master that has no address yet serves nobody.
            guard let master = nodes.first.flatMap(\.self) else { continue }
            let place: Int
            if let old = known[master] {
                place = old
            } else {
                guard RedisLimits.clusterShards.allows(shards.count + 1) else { return nil }
                place = shards.count
                known[master] = place
                shards.append(Shard(master: master, replicas: nodes.dropFirst().compactMap(\.self)))
            }
            for slot in low...high { places[slot] = UInt16(place + 1) }
        }
    }

    /// A node of the reply, whose address may not be known to the one that answered.
    private struct Found {
        let address: RedisNodeAddress?
    }

    private static func node(
        _ reader: inout RedisReplyReader, _ bytes: Bytes, _ asked: String
    ) -> Found? {
        guard case .aggregate(let parts)? = reader.next(bytes), parts >= 2, let host = reader.next(bytes),
            case .number(let port)? = reader.next(bytes), reader.skip(parts - 2, bytes)
        else { return nil }
        switch host {
        case .null: return Found(address: UInt16(exactly: port).map { RedisNodeAddress(host: asked, port: $0) })
        case .string(let range):
            guard !range.isEmpty else {
                return Found(address: UInt16(exactly: port).map { RedisNodeAddress(host: asked, port: $0) })
            }
            return Found(address: RedisNodeAddress(bytes, range, port: port))
        default: return nil
        }
    }
}
