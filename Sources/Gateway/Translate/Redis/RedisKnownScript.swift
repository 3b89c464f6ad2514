// The scripts that clients use to give up and to extend a lock, known by their texts.

/// A script whose meaning is known without running it.
enum RedisKnownScript: Sendable, Equatable {
    /// Deletes the key if its value is the argument.
    case compareAndDelete
    /// Gives the key the second argument's milliseconds to live if its value is the first.
    case compareAndExpire
    /// The same for a key that has a time to live already, to which the milliseconds are added if the third argument is 0.
    case compareAndExtend

    /// Arguments that the script takes.
    var argumentCount: Int {
        switch self {
        case .compareAndDelete: 1
        case .compareAndExpire: 2
        case .compareAndExtend: 3
        }
    }

    /// Bytes of a text that is looked at: a comment or a long text is none of these.
    static let mostBytes = 2048

    /// The script with this text, as far as letters, quotes and brackets tell; nil for any other.
    init?(_ text: [UInt8]) {
        // The bound comes before any work on the text.
        guard text.count <= Self.mostBytes else { return nil }
        let folded = text.compactMap { byte -> UInt8? in
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, 0x3B: nil
            case 0x27: 0x22
            case 0x41...0x5A: byte | 0x20
            default: byte
            }
        }
        switch String(decoding: folded, as: UTF8.self) {
        case Self.equal + Self.delete + Self.otherwise, Self.unequal + Self.delete + Self.done:
            self = .compareAndDelete
        case Self.equal + Self.expire + Self.otherwise, Self.unequal + Self.expire + Self.done:
            self = .compareAndExpire
        case Self.unequal + Self.extend + Self.done: self = .compareAndExtend
        default: return nil
        }
    }

    // The form that the documents of Redis give for a lock on one server (redis.io, "Distributed Locks").
    private static let equal = #"ifredis.call("get",keys[1])==argv[1]thenreturn"#
    private static let otherwise = "elsereturn0end"

    // The form that redis-py's class Lock has (redis/lock.py).
    private static let unequal =
        #"localtoken=redis.call("get",keys[1])ifnottokenortoken~=argv[1]thenreturn0end"#
    private static let done = "return1"

    private static let delete = #"redis.call("del",keys[1])"#
    private static let expire = #"redis.call("pexpire",keys[1],argv[2])"#
    private static let extend =
        #"localexpiration=redis.call("pttl",keys[1])ifnotexpirationthenexpiration=0end"#
        + #"ifexpiration<0thenreturn0endlocalnewttl=argv[2]ifargv[3]=="0"thennewttl=argv[2]+expirationend"#
        + #"redis.call("pexpire",keys[1],newttl)"#
}
