// How replies that come on several connections reach a routed client in the order of its commands.

import Reactor
import RedisWire

extension RoutedClient {
    /// Bytes of a reply; they end it when `reply` says what it was.
    func take(_ bytes: Span<UInt8>, _ ticket: OwedTicket, _ reply: RedisReply?) {
        defer { if reply != nil { paid(1) } }
        guard !hasGone, !isCut, !ReplySlots.isDropped(ticket), let distance = slots.distance(ticket) else { return }
        metrics.bytesFromBackends &+= UInt64(bytes.count)
        moved()
        hasNotedFailure = false
        if let reply, smallRepliesDue > 0, reply.byteCount <= UInt64(RedisLimits.sharedReply.maximum) {
            smallRepliesDue -= 1
        }
        if slots[distance].split != nil { return takePart(bytes, ticket, reply, distance) }
        let isFirst = distance == 0
        let isError =
            router.redirects && !slots[distance].hasStreamed
            && (slots[distance].buffer.first ?? bytes[0]) == 0x2D
        if isFirst, !isError, slots[0].buffer.isEmpty {
            emit(bytes)
            slots[0].hasStreamed = true
        } else {
            bytes.withUnsafeBufferPointer { slots[distance].buffer.append(contentsOf: $0) }
            buffered &+= bytes.count
        }
        if reply != nil {
            if isError, isRedirected(ticket, distance) { return }
            slots[distance].isComplete = true
            if isFirst { drain() }
        }
        if backlog > RedisLimits.sharedBacklog.maximum { cut() }
    }

    /// Sends every reply that is next in order and here, and what is here of the one behind them.
    func drain() {
        while !slots.isEmpty {
            let isError = router.redirects && slots[0].buffer.first == 0x2D
            if !slots[0].buffer.isEmpty, slots[0].isComplete || !isError && slots[0].split == nil {
                buffered &-= slots[0].buffer.count
                emit(slots[0].buffer.span)
                slots[0].buffer.removeAll(keepingCapacity: true)
                slots[0].hasStreamed = true
            }
            guard slots[0].isComplete else { return }
            slots.removeFirst()
        }
        if isStalled { waker.wake() }
    }

    // MARK: Parts

    private func takePart(_ bytes: Span<UInt8>, _ ticket: OwedTicket, _ reply: RedisReply?, _ distance: Int) {
        guard let split = slots[distance].split else { return }
        let index = Int(ticket.piece)
        if !split.isTooLarge {
            bytes.withUnsafeBufferPointer { split.parts[index].reply.append(contentsOf: $0) }
            buffered &+= bytes.count
            if backlog > RedisLimits.sharedBacklog.maximum {
                buffered &-= split.overflow()
                if backlog > RedisLimits.sharedBacklog.maximum { return cut() }
            }
        }
        guard reply != nil else { return }
        if split.isTooLarge { return partIsAnswered(split, distance) }
        let part = split.parts[index]
        if router.redirects, part.reply.first == 0x2D,
            let redirection = router.redirection(
                after: part.reply.span, part.command.span, from: part.lane, attempt: part.attempt)
        {
            buffered &-= part.reply.count
            split.parts[index].reply = []
            split.parts[index].attempt += 1
            return sendAgain(part.command, redirection, ticket)
        }
        partIsAnswered(split, distance)
    }

    private func partIsAnswered(_ split: RedisSplit, _ distance: Int) {
        split.waiting -= 1
        guard split.waiting == 0 else { return }
        buffered &-= split.parts.reduce(0) { $0 + $1.reply.count }
        slots[distance].split = nil
        complete(distance, with: split.merged())
    }

    /// Makes `reply` that of the slot, whatever has come of it before.
    private func complete(_ distance: Int, with reply: [UInt8]) {
        buffered &+= reply.count - slots[distance].buffer.count
        slots[distance].buffer = reply
        slots[distance].isComplete = true
        if distance == 0 { drain() }
    }

    // MARK: Sending again

    /// Whether the error in the slot made its command go elsewhere.
    private func isRedirected(_ ticket: OwedTicket, _ distance: Int) -> Bool {
        guard let lane = slots[distance].lane else { return false }
        let slot = slots[distance]
        guard
            let redirection = router.redirection(
                after: slot.buffer.span, slot.command.span, from: lane, attempt: slot.attempt)
        else { return false }
        goesAgain(ticket, distance, redirection)
        return true
    }

    private func goesAgain(_ ticket: OwedTicket, _ distance: Int, _ redirection: RedisRedirection) {
        buffered &-= slots[distance].buffer.count
        slots[distance].buffer.removeAll(keepingCapacity: true)
        slots[distance].attempt += 1
        slots[distance].lane = redirection.lane
        sendAgain(slots[distance].command, redirection, ticket)
    }

    // MARK: Failures

    /// A command was not answered and never will be; `isPartial` when a part of its reply has come.
    func miss(_ reply: [UInt8], _ failure: GatewayFailure, isPartial: Bool, _ ticket: OwedTicket) {
        defer { paid(1) }
        guard !hasGone, !isCut, !ReplySlots.isDropped(ticket), let distance = slots.distance(ticket) else { return }
        // Once for all that was under way: each command's own line would keep the worker from everybody else.
        if hasNotedFailure { metrics.count(failure: failure.cause.rawValue) } else { session.note(failure) }
        hasNotedFailure = true
        if let split = slots[distance].split {
            let index = Int(ticket.piece)
            let part = split.parts[index]
            buffered &-= part.reply.count
            split.parts[index].reply = []
            if !isPartial, router.redirects,
                let redirection = router.redirection(
                    after: failure, part.command.span, from: part.lane, attempt: part.attempt)
            {
                split.parts[index].attempt += 1
                return sendAgain(part.command, redirection, ticket)
            }
            split.parts[index].reply = reply
            buffered &+= reply.count
            return partIsAnswered(split, distance)
        }
        // No word fits behind half a value.
        if slots[distance].hasStreamed { return reset() }
        if !isPartial, let lane = slots[distance].lane,
            let redirection = router.redirection(
                after: failure, slots[distance].command.span, from: lane, attempt: slots[distance].attempt)
        {
            return goesAgain(ticket, distance, redirection)
        }
        complete(distance, with: reply)
    }
}
