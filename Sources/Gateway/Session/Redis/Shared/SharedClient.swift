// One client of a shared backend: its commands travel with those of others, or on a connection of its own.

import Reactor
import RedisWire

/// A client's session in shared mode; see protocols/Redis/LIFECYCLE.md, "Many clients on one connection".
final class SharedClient: SharingClient {
    private let upstreams: SharedUpstreams
    @exclusivity(unchecked) var upstream: SharedUpstream
    @exclusivity(unchecked) private var isWaitingForRoom = false

    /// The last own connection, which holds nothing, until the next command shows whether it is wanted again.
    @exclusivity(unchecked) private(set) var parked: Socket?
    /// Whether nobody else may have it.
    private var isParkedMarked = false

    init(_ session: Session, _ upstreams: SharedUpstreams) {
        self.upstreams = upstreams
        upstream = upstreams.join(RedisIdentity())
        super.init(session)
    }

    override func stepShared() -> Bool { stepSharing() }

    override func share(after own: OwnConnection) {
        become(own.pin.identity)
        park(own.socket, isMarked: own.pin.isMarked)
    }

    /// Moves to the shared connection of another identity.
    private func become(_ identity: RedisIdentity) {
        guard identity != upstream.identity else { return }
        move(to: identity)
    }

    private func move(to identity: RedisIdentity) {
        isWaitingForRoom = false
        part(from: upstream)
        upstream = upstreams.join(identity)
    }

    /// Keeps an own connection at hand; nobody else may have it when it `isMarked`.
    private func park(_ socket: Socket, isMarked: Bool) {
        parked = socket
        isParkedMarked = isMarked
    }

    /// Lets go of the parked connection.
    func unpark() {
        guard let socket = takeParked() else { return }
        if isParkedMarked { socket.close() } else { upstream.spares.giveBack(socket) }
    }

    func takeParked() -> Socket? {
        guard let socket = parked else { return nil }
        parked = nil
        if socket.isQuiet() { return socket }
        socket.close()
        return nil
    }

    /// Lets go of everything; replies that are still to come are dropped.
    func leave() {
        own?.socket.close()
        own = nil
        unpark()
        upstream.forget(self)
        upstream.clientCount -= 1
        leaveShared()
    }

    override func sharedUpstream(numbered generation: Int) -> SharedUpstream? {
        upstream.isOpen && upstream.generation == generation ? upstream : nil
    }

    override var parkedSocket: Socket? { parked }

    // MARK: Room

    /// Whether one more command may be sent on the shared connection now.
    @inline(__always)
    var hasRoom: Bool { owed < window && upstream.accepts && !client.isCongested }

    /// Asks to be woken when there is room.
    func waitForRoom() {
        isStalled = true
        if upstream.isRetired {
            // What is still under way there comes first.
            guard owed == 0 else { return }
            move(to: upstream.identity)
            return waker.wake()
        }
        // Its own replies wake it, and its own socket; the connection has to be asked.
        guard !upstream.accepts, !isWaitingForRoom else { return }
        isWaitingForRoom = true
        upstream.waitForRoom(self)
    }

    override func letIn(_ upstream: SharedUpstream) {
        isWaitingForRoom = false
        waker.wake()
    }

    @inline(__always)
    func owes(_ command: RedisCommand) {
        owed &+= 1
        upstream.owe(self, command)
    }
}
