// Where a command of a routed client goes, given what the client's connections hold.

import RedisWire
import Wire

/// What becomes of one command.
enum RoutedPlacement {
    /// It goes with those of others.
    case lane(RoutedLane)
    /// It goes with those of others, in other words.
    case rewritten(RoutedLane, [UInt8])
    case split(RedisSplit)
    /// It goes on the client's own connection, which has to lead there.
    case own(RoutedLane)
    /// It goes on a connection of its own there, and the client's present one, which holds something, is kept meanwhile.
    case aside(RoutedLane)
    /// The gateway answers it.
    case answer([UInt8], RoutedEffect)
    /// It is not let through.
    case refused(RoutedRefusal)
    /// It is looked at again once every reply before it is here.
    case later

    /// Whether a backend gets to see it.
    var reachesBackend: Bool {
        switch self {
        case .lane, .rewritten, .split, .own, .aside: true
        case .answer, .refused, .later: false
        }
    }
}

/// Why a command is not let through, whatever backend it is for.
enum RoutedRefusal {
    /// The listener denies what is called so.
    case denied(String)
    /// What is not known here could be any command to the server, so that neither its keys nor its user would be seen.
    case ambiguous

    /// A metric label.
    var reason: String {
        switch self {
        case .denied: "denied"
        case .ambiguous: "ambiguous-name"
        }
    }
}

/// What a command that the gateway answers leaves behind.
enum RoutedEffect {
    case none
    /// MULTI: which backend it is for shows later.
    case begins
    /// The transaction cannot be executed any more.
    case spoils
    /// The transaction is over.
    case ends
    case reset
    /// The client is this user from here on; nil: a command stands in the place of this one.
    case login([UInt8], instead: [UInt8]?)
    /// The session ends behind this reply.
    case leaves
}

extension RoutedClient {
    /// Where `command`, which is next, goes; it has no effect.
    func place(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> RoutedPlacement {
        if let refusal = refusal(of: command, in: bytes) { return .refused(refusal) }
        if let door, let placement = door.place(command, in: bytes, self) { return placement }
        if let own, own.pin.isExclusive, let ownLane {
            // Nobody knows which reply is whose, so nothing can be answered here, or come from elsewhere.
            if own.pin.isLost, leadsElsewhere(command, in: bytes, ownLane) { return .answer(Self.lost, .leaves) }
            return .own(ownLane)
        }
        if command.command == .reset, command.argumentCount == 1 { return .answer(Self.resetReply, .reset) }
        switch transaction {
        case .none: break
        case .begun: return placeFirst(command, in: bytes)
        case .spoiled: return placeSpoiled(command)
        }
        if let own, let ownLane, !own.pin.holdsNothing {
            return own.pin.isInTransaction
                ? placeQueued(command, in: bytes, ownLane) : placeBeside(command, in: bytes, ownLane)
        }
        if command.command == .multi, command.argumentCount == 1, !router.hasOnePlace {
            return .answer(Array("+OK\r\n".utf8), .begins)
        }
        let sharing = RedisSharing.of(command, in: bytes)
        switch decide(command, in: bytes) {
        case .anywhere(let lane), .lane(let lane):
            return sharing == .shared && !keepsOwn ? .lane(lane) : .own(lane)
        case .rewritten(let lane, let words):
            return sharing == .shared
                ? .rewritten(lane, words) : .answer(Self.notRewritten(command), .none)
        case .split(let split): return .split(split)
        case .refused(let reply): return .answer(reply, .none)
        case .later: return .later
        }
    }

    /// Whether `command` is not let through; a stranger hears of its login first.
    func refusal(of command: RedisWholeCommand, in bytes: Span<UInt8>) -> RoutedRefusal? {
        if command.isNameAmbiguous(in: bytes) { return .ambiguous }
        guard let denials, isLoggedIn, denials.deny(command, in: bytes) else { return nil }
        let name =
            command.command == .unknown
            ? String(decoding: command.value(0, in: bytes), as: UTF8.self) : command.command.description
        let subcommand = command.argumentCount > 1 ? command.word(1, in: bytes).description : nil
        return .denied(denials.label(command.command, name, subcommand: subcommand))
    }

    /// What the router says, with commands that change the client's state sent to where the new state leads.
    private func decide(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> RedisDecision {
        guard Self.changesState(command.command) else {
            return router.decide(command, in: bytes, state)
        }
        var state = state
        switch RedisIdentityChange.of(command, in: bytes) {
        case .select(let database): state.database = database
        case .login(let login), .hello(_, .some(let login)):
            if door == nil { state.user = login.user ?? RoutedState.defaultUser }
        default: break
        }
        return .anywhere(router.home(state))
    }

    /// Whether the router would have `command` at another backend than `lane`, or at none.
    private func leadsElsewhere(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ lane: RoutedLane
    ) -> Bool {
        guard !router.hasOnePlace else { return false }
        switch decide(command, in: bytes) {
        // Whether the server takes it nobody would know, and so not which backend the next one is for.
        case .anywhere: return Self.changesState(command.command) || command.command == .reset
        case .lane(let other): return other !== lane
        case .rewritten, .split, .refused, .later: return true
        }
    }

    private static func changesState(_ command: RedisCommand) -> Bool {
        command == .select || command == .auth || command == .hello
    }

    // MARK: - Transactions

    /// The first command behind MULTI decides which backend the transaction is for.
    private func placeFirst(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> RoutedPlacement {
        switch (command.command, command.argumentCount) {
        case (.exec, 1): return .answer(Array("*0\r\n".utf8), .ends)
        case (.discard, 1): return .answer(Array("+OK\r\n".utf8), .ends)
        default: break
        }
        if let reply = Self.refusedInTransaction(command) { return .answer(reply, .spoils) }
        switch router.decide(command, in: bytes, state) {
        case .anywhere(let lane), .lane(let lane): return .own(lane)
        case .refused(let reply): return .answer(reply, .spoils)
        case .split: return .answer(Self.crossing, .spoils)
        case .rewritten: return .answer(Self.notRewritten(command), .spoils)
        case .later: return .later
        }
    }

    /// A command while the client's own connection has the transaction.
    private func placeQueued(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ ownLane: RoutedLane
    ) -> RoutedPlacement {
        switch command.command {
        case .exec, .discard, .multi, .watch, .unwatch: return .own(ownLane)
        default: break
        }
        if !router.hasOnePlace, let reply = Self.refusedInTransaction(command) { return .answer(reply, .spoils) }
        switch router.decide(command, in: bytes, state) {
        case .anywhere: return .own(ownLane)
        case .lane(let lane): return lane === ownLane ? .own(lane) : .answer(Self.crossing, .spoils)
        case .split: return .answer(Self.crossing, .spoils)
        case .rewritten: return .answer(Self.notRewritten(command), .spoils)
        case .refused(let reply): return .answer(reply, .spoils)
        case .later: return .later
        }
    }

    /// A command behind one of another backend's keys, until EXEC says that nothing was done.
    private func placeSpoiled(_ command: RedisWholeCommand) -> RoutedPlacement {
        switch (command.command, command.argumentCount) {
        case (.exec, 1):
            return .answer(Array("-EXECABORT Transaction discarded because of previous errors.\r\n".utf8), .ends)
        case (.discard, 1): return .answer(Array("+OK\r\n".utf8), .ends)
        default: return .answer(Array("+QUEUED\r\n".utf8), .none)
        }
    }

    /// A command while the client's own connection holds something that does not concern all commands, such as WATCH.
    private func placeBeside(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ ownLane: RoutedLane
    ) -> RoutedPlacement {
        let sharing = keepsOwn ? .alone : RedisSharing.of(command, in: bytes)
        switch decide(command, in: bytes) {
        case .anywhere(let lane):
            // A change of the client's state has to be judged where the new state leads.
            let isChange = Self.changesState(command.command)
            return isChange && lane !== ownLane ? .answer(heldElsewhere(ownLane), .none) : .own(ownLane)
        case .lane(let lane):
            if lane === ownLane { return .own(lane) }
            switch sharing {
            case .shared: return .lane(lane)
            case .alone: return .aside(lane)
            case .pins, .keeps: return .answer(heldElsewhere(ownLane), .none)
            }
        case .rewritten(let lane, let words):
            return sharing == .shared ? .rewritten(lane, words) : .answer(Self.notRewritten(command), .none)
        case .split(let split): return .split(split)
        case .refused(let reply): return .answer(reply, .none)
        case .later: return .later
        }
    }

    /// What leaves the client in another state than its other connections.
    private static func refusedInTransaction(_ command: RedisWholeCommand) -> [UInt8]? {
        guard Self.changesState(command.command) else { return nil }
        return RedisErrorReply.compose(
            "\(command.command) cannot be part of a transaction here, where several backends are behind one client")
    }

    // MARK: - Logins

    /// Why the gateway cannot take a login now; nil: it can.
    ///
    /// - Parameter isOther: whether the client would be another user.
    func loginRefusal(isOther: Bool) -> RoutedPlacement? {
        if transaction != .none || own?.pin.isInTransaction == true { return .answer(Self.loginQueued, .spoils) }
        guard let own, let ownLane, !own.pin.holdsNothing else { return nil }
        if own.pin.isLost { return .answer(Self.lost, .leaves) }
        if own.pin.isExclusive { return .answer(Self.loginSubscribed, .none) }
        return isOther && router.dependsOnUser ? .answer(heldElsewhere(ownLane), .none) : nil
    }

    private static let loginQueued = RedisErrorReply.compose(
        "a login cannot be part of a transaction here, where the gateway knows the users")
    /// As redis src/server.c processCommand spells it.
    private static let loginSubscribed = Array(
        "-ERR Can't execute 'auth': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n"
            .utf8)

    // MARK: - Words

    func reply(to refusal: RoutedRefusal) -> [UInt8] {
        switch refusal {
        case .denied(let name): RedisErrorReply.denied(name, at: session.listener.name)
        case .ambiguous: Self.ambiguous
        }
    }

    private static let ambiguous = RedisErrorReply.compose(
        "a command's name with a zero byte in it is not passed where routes, users or denials depend on the command")
    private static let lost = RedisErrorReply.compose(
        "the replies of this client can no longer be told apart, and this command belongs to another backend: connect again"
    )
    static let resetReply = Array("+RESET\r\n".utf8)
    static let crossing = Array(
        "-CROSSSLOT fairlead: a transaction stays with one backend, and this key belongs to another\r\n".utf8)

    private func heldElsewhere(_ lane: RoutedLane) -> [UInt8] {
        RedisErrorReply.compose(
            "WATCH, a subscription or another state of this client is held at backend '\(lane.backend.name)', and this "
                + "command needs a connection to another: end that state first, or send RESET")
    }

    private static func notRewritten(_ command: RedisWholeCommand) -> [UInt8] {
        RedisErrorReply.compose(
            "\(command.command) needs a connection of its own, on which the route's keys are not rewritten")
    }
}
