// How many commands a listener, or one of its routes, takes in a second, and what happens to more.

/// A bound on the commands of a listener or a route.
package struct RateLimit: Sendable, Equatable {
    /// Whose commands are counted together.
    package enum Owner: String, Sendable, CaseIterable {
        /// Those of all clients.
        case listener
        /// Those of one connection.
        case client
    }

    /// What happens to a command above the limit.
    package enum Excess: String, Sendable, CaseIterable {
        /// It is answered with an error at once.
        case refuse
        /// Its client is not read from until the command may pass.
        case wait
    }

    /// Commands a second.
    package var commands: Int
    /// Commands that may come at once after a rest.
    package var burst: Int
    package var owner = Owner.listener
    package var excess = Excess.refuse

    /// Enough for any server, and far from where times in fractions of a nanosecond would overflow.
    static let most = 10_000_000

    package init(commands: Int, burst: Int? = nil) {
        self.commands = commands
        self.burst = burst ?? commands
    }
}
