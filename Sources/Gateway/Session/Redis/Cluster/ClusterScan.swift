// SCAN over all masters of a cluster, behind one endpoint.

import RedisWire
import Wire

extension ClusterRouter {
    /// Where a SCAN goes: to the master that its cursor is at.
    ///
    /// As with any client of a cluster, a key whose slot moves while the scan goes on may be missed, or come twice; once the gateway
    /// knows of the change it says so, because masters are then counted otherwise, and another server's cursors mean nothing.
    func scan(_ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> RedisDecision {
        var arguments = RedisArgumentCursor(command, in: bytes)
        // Who says nothing of a cursor hears so from a server.
        guard arguments.next(in: bytes) != nil, let digits = arguments.next(in: bytes) else {
            return .anywhere(home(state))
        }
        // A server also takes the empty text and signs for numbers, which would be a page of one node here.
        guard let place = RedisClusterCursor(bytes, digits) else { return .refused(ClusterWords.invalidCursor) }
        guard nodes.answers > 0 else { return notLearnt() }
        let masters = nodes.scanMasters
        var cursor = place
        if place.number == 0 {
            cursor.mark = masters.mark
        } else if place.mark != masters.mark || place.master >= masters.lanes.count {
            return .refused(ClusterWords.scanBroken)
        }
        guard !masters.lanes.isEmpty, masters.lanes.count <= RedisClusterCursor.mostMasters else {
            return .refused(ClusterWords.scanImpossible)
        }
        let lane = masters.lanes[cursor.master]
        var words = Array("*\(command.argumentCount)\r\n$4\r\nSCAN\r\n".utf8)
        RedisSplit.append(Array("\(cursor.own)".utf8).span, to: &words)
        while let range = arguments.next(in: bytes) { RedisSplit.append(bytes.extracting(range), to: &words) }
        return .split(
            RedisSplit(
                .page(cursor, of: masters.lanes.count), keyCount: 0,
                parts: [RedisSplit.Part(lane: lane, command: words, keys: [])]))
    }
}

extension ClusterNodes {
    /// The masters that serve slots, in the order of their first slots, and a mark that is another where that order, or who serves
    /// which slot, is another; the same at every worker and gateway that has the same map.
    struct ScanMasters {
        var lanes: [RoutedLane] = []
        var mark: UInt16 = 0
    }

    /// Goes through the whole map, so it is kept until the map changes.
    var scanMasters: ScanMasters {
        if let kept = keptScanMasters, kept.version == version { return kept.masters }
        var order: [Int] = []
        var isKnown = Set<Int>()
        var hash = Fingerprint()
        var last: Int?
        for number in 0..<RedisSlot.count {
            guard let slot = RedisSlot(number), let place = map.place(of: slot) else {
                last = nil
                continue
            }
            if place != last {
                hash.take("\(number) \(map.shards[place].master)")
                last = place
            }
            if isKnown.insert(place).inserted { order.append(place) }
        }
        let masters = ScanMasters(lanes: order.compactMap { lane(ofShard: $0) }, mark: hash.folded)
        keptScanMasters = (version, masters)
        return masters
    }

    /// FNV-1a (Fowler, Noll and Vo), which every gateway computes alike.
    private struct Fingerprint {
        private var value: UInt64 = 0xCBF2_9CE4_8422_2325

        mutating func take(_ text: String) {
            for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }

        var folded: UInt16 {
            UInt16(truncatingIfNeeded: value ^ value >> 16 ^ value >> 32 ^ value >> 48)
        }
    }
}
