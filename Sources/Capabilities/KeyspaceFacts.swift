// What a store knows of its databases without looking at their keys.

/// One database that holds keys.
public struct KeyspaceFacts: Sendable, Equatable {
    public var database: Int
    public var keys: Int
    /// How many of the keys expire.
    public var expiring: Int
    /// How long those have on an average, in milliseconds.
    public var meanTimeToLive: Int64

    public init(database: Int, keys: Int, expiring: Int, meanTimeToLive: Int64) {
        self.database = database
        self.keys = keys
        self.expiring = expiring
        self.meanTimeToLive = meanTimeToLive
    }
}
