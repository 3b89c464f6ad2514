// A made-up protocol of lines for hashes, lists, sets and sorted sets.

/// The file of the tests about structures; bytes that clients chose are hexadecimal.
enum StructureFile {
    static func text(_ capabilities: String, _ operations: String, keys: String = "{ allowed: printable }") -> String {
        """
        adapter: house
        transport: { schemes: [tcp] }
        framing: { lines: { end: "\\n" } }
        keys: \(keys)
        fields: { value: "hexvalue | hex", name: "hexname | hex" }
        messages:
          PAIR: { line: "PAIR {hexname} {hexvalue}", is: more }
          SCORED: { line: "SCORED {score} {hexname}", is: more }
          NAME: { line: "NAME {hexname}", is: more }
          ITEM: { line: "ITEM {hexvalue}", is: more }
          END: { line: "END", is: end }
          V: { line: "V {hexvalue}", is: result }
          S: { line: "S {score}", is: result }
          M: { line: "M {hexname}", is: result }
          N: { line: "N {number:number}", is: result }
          OK: { line: "OK", is: result }
          NONE: { line: "NONE", is: missing }
          HELD: { line: "HELD", is: conflict }
          WRONG: { line: "WRONG", is: wrong-type }
          NAN: { line: "NAN", is: not-a-number }
          TYPE: { line: "TYPE {value}", is: result }
        capabilities:
        \(indented(capabilities))
        operations:
        \(indented(operations))
        """
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }

    static let hash = text(
        """
        hash.get: { support: native, weakenings: [not-atomic] }
        hash.set: native
        hash.delete: { support: native, weakenings: [not-atomic] }
        hash.increment: native
        hash.scan: emulated
        hash.random: emulated
        """,
        #"""
        hash.get: { send: "HGET {key} {field | hex}\n", expects: [V, NONE] }
        hash.all: { send: "HALL {key}\n", expects: [PAIR, END] }
        hash.set: { send: "HSET {key}{each pairs} {field | hex}={value | hex}{end}\n", expects: N }
        hash.delete: { send: "HDEL {key} {field | hex}\n", expects: [OK, NONE] }
        hash.increment: { send: "HADD {key} {field | hex} {amount}\n", expects: N }
        hash.increment-float: { send: "HADD {key} {field | hex} {addend}\n", expects: V }
        """#)

    static let list = text(
        """
        list.push: native
        list.pop: native
        list.range: native
        list.edit: native
        list.move: native
        """,
        #"""
        list.push-left: { send: "LPUSH {key}{each values} {value | hex}{end}\n", expects: N }
        list.push-right: { send: "RPUSH {key}{each values} {value | hex}{end}\n", expects: N }
        list.push-right-if-present: { send: "RPUSHX {key}{each values} {value | hex}{end}\n", expects: [N, NONE] }
        list.pop-left: { send: "LPOP {key} {count}\n", expects: [ITEM, END] }
        list.pop-right: { send: "RPOP {key}\n", expects: [V, NONE] }
        list.length: { send: "LEN {key}\n", expects: [N, NONE] }
        list.range: { send: "RANGE {key} {start} {stop}\n", expects: [ITEM, END] }
        list.set: { send: "LSET {key} {index} {value | hex}\n", expects: [OK, NONE, HELD] }
        list.insert-before: { send: "BEFORE {key} {pivot | hex} {value | hex}\n", expects: [N, NONE, HELD] }
        list.remove: { send: "LREM {key} {count} {value | hex}\n", expects: N }
        list.trim: { send: "TRIM {key} {start} {stop}\n", expects: [OK, NONE] }
        list.move: { send: "MOVE {key} {take} {target} {put}\n", expects: [V, NONE] }
        """#)

    static let sets = text(
        """
        set.add: native
        set.remove: native
        set.members: native
        set.pop: native
        set.move: native
        set.scan: emulated
        sorted-set.add: { support: native, weakenings: [not-atomic, partial] }
        sorted-set.remove: { support: native, weakenings: [not-atomic] }
        sorted-set.score: native
        sorted-set.range: native
        sorted-set.pop: native
        sorted-set.scan: emulated
        """,
        #"""
        set.add: { send: "SADD {key}{each members} {member | hex}{end}\n", expects: N }
        set.remove: { send: "SREM {key}{each members} {member | hex}{end}\n", expects: N }
        set.members: { send: "MEMBERS {key}\n", expects: [NAME, END] }
        set.contains: { send: "HAS {key} {member | hex}\n", expects: [OK, NONE] }
        set.pop: { send: "SPOP {key}\n", expects: [M, NONE] }
        set.move: { send: "SMOVE {key} {target} {member | hex}\n", expects: [OK, NONE] }
        sorted-set.add: { send: "ZADD {key} {score} {member | hex}\n", replies: { OK: result, HELD: conflict } }
        sorted-set.update: { send: "ZUPD {key} {score} {member | hex}\n", expects: [OK, NONE] }
        sorted-set.increment: { send: "ZINCR {key} {score} {member | hex}\n", expects: S }
        sorted-set.remove: { send: "ZREM {key} {member | hex}\n", expects: [OK, NONE] }
        sorted-set.score: { send: "ZSCORE {key} {member | hex}\n", expects: [S, NONE] }
        sorted-set.rank: { send: "ZRANK {key} {member | hex}\n", expects: [N, NONE] }
        sorted-set.range: { send: "ZRANGE {key} {start} {stop}\n", expects: [SCORED, END] }
        sorted-set.pop-highest: { send: "ZPOPMAX {key} {count}\n", expects: [SCORED, END] }
        """#)
}
