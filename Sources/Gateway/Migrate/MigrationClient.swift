// What a listener that is being moved knows of each of its clients.

import Reactor

/// Notes what a client writes from when it is read until it is answered, and holds the client when it is asked to.
///
/// It stands at the client's own socket, so it is the same for every way in which a session is served.
protocol MigrationClient: SocketTap {
    /// Reads no further command, and ends the session as soon as nothing of it is under way.
    func hold()
    /// The hold has lasted for long: gives up what the client has not sent to its end, and by force also what it waits for
    /// an answer to.
    func giveUp(byForce: Bool)
    /// What it has noted of what it has not sent to its end holds back the keys of others: it is noted in another way.
    func letGoOfQueued()
    /// Goes on as before.
    func release()
}
