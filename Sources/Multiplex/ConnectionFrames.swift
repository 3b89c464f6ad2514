// What a connection receives: frames, and the exchanges that they belong to.

import Reactor

extension MultiplexConnection {
    func receive(_ socket: Socket) {
        for _ in 0..<Self.readsPerStep {
            guard ending == nil, socket.isReadable || socket.hasEnded else { return }
            do throws(IOError) {
                switch try socket.receive() {
                case .nothing: return
                case .bytes(let count):
                    lastHeard = worker.now
                    overdueInSilence = 0
                    worker.withReceived(count) { take($0) }
                case .end:
                    takeEnd()
                    end(.indeterminate("\(multiplexer.endpoint) closed the connection"))
                }
            } catch {
                end(.indeterminate(lost(error)))
            }
        }
        if socket.isReadable { waker.wake() }
    }

    func lost(_ error: IOError?) -> String {
        "the connection to \(multiplexer.endpoint) was lost: \(error?.description ?? "closed")"
    }

    func take(_ bytes: Span<UInt8>) {
        if kept.isEmpty {
            let end = process(bytes, from: 0)
            if end < bytes.count, ending == nil { kept.append(bytes.extracting(end...)) }
        } else {
            kept.append(bytes)
            guard kept.count >= needed else { return }
            kept.removeFirst(process(kept.bytes.span, from: 0))
        }
    }

    /// Gives every complete frame to its owner; where the first incomplete one begins.
    func process(_ bytes: Span<UInt8>, from start: Int) -> Int {
        guard let codec else { return start }
        var start = start
        needed = 0
        while start < bytes.count, ending == nil {
            switch codec.cut(bytes, from: start, for: awaited) {
            case .frame(let end, let owner):
                guard isFrame(start, end, bytes.count) else { return start }
                deliver(bytes.extracting(start..<end), to: owner)
                start = end
            case .partial(let needs):
                guard max(needs, bytes.count - start) <= configuration.frameBytes else {
                    breakOff("a frame of more than \(configuration.frameBytes) bytes")
                    return start
                }
                needed = needs
                return start
            case .broken(let reason):
                breakOff(reason)
                return start
            }
        }
        return start
    }

    func isFrame(_ start: Int, _ end: Int, _ count: Int) -> Bool {
        if end > start, end <= count { return true }
        breakOff("the codec cut a frame from \(start) to \(end) out of \(count) bytes")
        return false
    }

    /// The backend has closed its direction: what only that completes is a frame now.
    func takeEnd() {
        guard ending == nil, let codec, let oldest = table.oldest else { return }
        let whole = kept.bytes
        let bytes = whole.span
        if case .frame(let end, let owner) = codec.cutAtEnd(bytes, from: 0, for: oldest), end >= 0,
            end <= bytes.count
        {
            deliver(bytes.extracting(0..<end), to: owner)
        }
    }

    func deliver(_ frame: Span<UInt8>, to owner: FrameOwner) {
        switch owner {
        case .oldest:
            // What comes before the request has left cannot be its answer.
            guard let exchange = table.oldest, mayHaveLeft(exchange) else {
                return breakOff("an answer to nothing that was asked")
            }
            deliver(frame, to: exchange)
        case .id(let id):
            guard let exchange = table.exchange(id), mayHaveLeft(exchange) else {
                return breakOff("an answer with the id \(id), which waits for none")
            }
            deliver(frame, to: exchange)
        case .push:
            if !multiplexer.delegate.pushReceived(frame, on: self) { breakOff("a message that nobody takes") }
        case .unnamed(let error):
            if let exchange = awaited, mayHaveLeft(exchange) { return deliver(frame, to: exchange) }
            if let error { end(.indeterminate("\(multiplexer.endpoint) sent an error without an id: \(error)")) }
        case .nobody: break
        }
    }

    /// The exchange whose answer comes next, as far as that is known: in order the oldest, by id the one of the handshake, in
    /// which nothing else goes on.
    private var awaited: Exchange? {
        if table.isInOrder { return table.oldest }
        return state == .opening ? table.first : nil
    }

    @inline(__always)
    func deliver(_ frame: Span<UInt8>, to exchange: Exchange) {
        switch exchange.receive(frame) {
        case .more: break
        case .done: answered(exchange)
        case .doneForGood:
            leave()
            // In order, what was sent after it will not be answered any more.
            if table.isInOrder { end(.indeterminate("\(multiplexer.endpoint) takes no further requests")) }
            answered(exchange)
        case .broken(let reason):
            multiplexer.counters.protocolBreaks += 1
            end(.indeterminate("\(multiplexer.endpoint) broke its protocol: \(reason)"))
            fail(exchange, .protocolBroken(reason))
        }
    }

    func answered(_ exchange: Exchange) {
        table.remove(exchange)
        hasAnswered = true
        exchange.state = .over
        guard !exchange.isAbandoned else {
            abandonedCount -= 1
            multiplexer.counters.lateAnswers += 1
            return
        }
        exchange.end(nil, counters: &multiplexer.counters)
    }

    /// Fails an exchange that stays where it is until the connection ends.
    func fail(_ exchange: Exchange, _ failure: MultiplexFailure) {
        guard !exchange.isAbandoned else { return }
        abandon(exchange, failure)
    }

    /// The backend broke its protocol where nobody in particular can be told.
    func breakOff(_ reason: String) {
        guard ending == nil else { return }
        multiplexer.counters.protocolBreaks += 1
        end(.indeterminate("\(multiplexer.endpoint) broke its protocol: \(reason)"))
        // In order it is the oldest one's answer that cannot be read.
        if let oldest = table.oldest, mayHaveLeft(oldest) { fail(oldest, .protocolBroken(reason)) }
    }

    /// Takes no further requests.
    func leave() {
        guard state == .ready else { return }
        state = .leaving
        waker.setDeadline(at: min(waker.deadline, worker.now.later(by: configuration.responseTimeout)))
        waker.wake()
    }
}
