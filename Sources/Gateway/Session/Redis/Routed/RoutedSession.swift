// The life of a routed session: what its pump cannot do by itself, and what it does when a connection fails.

import Reactor
import RedisWire

extension RoutedClient {
    /// Error replies that a client with a deep pipeline gets when its own connection is lost.
    private static let repliesAtMost = 1024

    /// Serves the client until it or the gateway ends; closing it is the caller's part.
    func serve() async {
        defer { leave() }
        while true {
            await waker.run(self)
            switch outcome {
            case .needsOwn:
                needsOwn = false
                if asksElsewhere {
                    errand = .none
                    wanted = nil
                    flush()
                    await askAboutWrites()
                    keepsOwn = keepsOwn || staysApart
                    continue
                }
                let task = errand
                errand = .none
                switch task {
                case .none: break
                case .connect: await connect()
                case .discard: await discard()
                }
                if isLeaving {
                    flush()
                    return await client.closeAfterLastWords()
                }
            case .finished where isLeaving:
                return await client.closeAfterLastWords()
            case .ownClosed:
                guard let own, own.isOwed else { return await end() }
                if let ownLane { router.noticed(failureOf: ownLane) }
                guard survives(own, .lost(own.backend, "it closed the connection")) else { return await end() }
            case .ownFailed(let failure):
                if let ownLane { router.noticed(failureOf: ownLane) }
                guard let own, survives(own, failure) else { return await end() }
            default:
                flush()
                return await end()
            }
        }
    }

    /// Answers what the own connection left unanswered, in order; false when the client has lost more than replies.
    private func survives(_ own: OwnConnection, _ failure: GatewayFailure) -> Bool {
        guard own.pin.holdsNothing, own.mayAnswer, !own.isStreaming, own.requests.isAtBoundary, !keepsOwn else {
            return false
        }
        session.note(failure)
        let reply = RedisErrorReply.compose(failure.message)
        for _ in 0..<min(own.repliesOwed, Self.repliesAtMost) { client.send(reply) }
        dropAside(of: own)
        holdsWhole = !held.isEmpty
        return true
    }

    // MARK: Errands

    /// Gets a connection for the next command, which is held.
    private func connect() async {
        guard let lane = wanted else { return }
        wanted = nil
        do throws(GatewayFailure) {
            let socket = try await open(lane)
            let identity = identity(at: lane)
            let connection = OwnConnection(
                socket, to: lane.backend, RedisPin(identity: identity, labels: labels, mindsSizes: false))
            if transaction == .begun {
                transaction = .none
                guard try await begin(on: connection) else {
                    socket.close()
                    return
                }
            }
            own = connection
            ownLane = lane
        } catch {
            router.noticed(failureOf: lane)
            refuse(error)
        }
    }

    private func open(_ lane: RoutedLane) async throws(GatewayFailure) -> Socket {
        if let socket = takeParked(lane) { return socket }
        let identity = identity(at: lane)
        if labels.isEmpty, !keepsOwn, let socket = upstream(of: lane).spares.take(for: waker) {
            metrics.upstreamsReused += 1
            return socket
        }
        let socket = try await RedisOpening.open(
            lane.backend, as: identity, labels: labels, session.local.resolver, waker: waker)
        metrics.upstreamsOpened += 1
        return socket
    }

    /// Tells the backend of the transaction that the client has begun; false when it will have none.
    private func begin(on connection: OwnConnection) async throws(GatewayFailure) -> Bool {
        let refusal = try await ask("MULTI", on: connection)
        guard let refusal else {
            connection.pin.transactionBecame(open: true, at: worker.now)
            return true
        }
        transaction = .spoiled
        skipHeld(
            Array("-\(refusal) fairlead: backend '\(connection.backend.name)' takes no transaction\r\n".utf8))
        return false
    }

    /// Has the own connection forget its transaction.
    private func discard() async {
        guard let own, own.pin.isInTransaction else { return }
        do throws(GatewayFailure) {
            guard try await ask("DISCARD", on: own) == nil else { return dropOwn() }
            own.pin.transactionBecame(open: false, at: worker.now)
        } catch {
            session.note(error)
            // What it held is gone, and the client could not know.
            if own.pin.isMarked { isLeaving = true }
            dropOwn()
        }
    }

    /// Sends one command on a quiet connection; the code of its reply when that is an error.
    private func ask(_ command: StaticString, on own: OwnConnection) async throws(GatewayFailure) -> RedisErrorCode? {
        waker.setDeadline(after: own.responseTimeout ?? own.backend.connectTimeout.nanoseconds)
        defer { waker.setDeadline(after: nil) }
        do throws(IOError) {
            own.socket.send(Self.spell([Array(command.description.utf8)]))
            return try await RedisOpening.replies(1, 0, on: own.socket)
        } catch {
            throw .lost(own.backend, "\(error)")
        }
    }

    // MARK: Refusing

    /// The next command has no connection to go on.
    private func refuse(_ failure: GatewayFailure) {
        session.note(failure)
        if waker.isCancelled { return }
        // The server would have closed the connection of a client that it no longer lets in.
        if keepsOwn, failure.cause == .loginRefused {
            isLeaving = true
            return
        }
        if transaction == .begun { transaction = .spoiled }
        dropAside(of: nil)
        skipHeld(RedisErrorReply.compose(failure.message))
    }

    /// Lets go of `own`, and goes back to the connection that was put aside for it.
    private func dropAside(of own: OwnConnection?) {
        own?.socket.close()
        answerDue = .max
        self.own = aside?.own
        ownLane = aside?.lane
        isAway = aside != nil
        aside = nil
    }

    /// Answers the command that is held first with `reply`; the session ends when its end is not here.
    private func skipHeld(_ reply: [UInt8]) {
        let bytes = held
        guard case .whole(let command) = RedisWholeCommand.find(in: bytes.span, at: 0) else {
            leave(with: reply)
            return
        }
        held.removeSubrange(..<command.range.upperBound)
        holdsWhole = !held.isEmpty
        client.send(reply)
    }
}
