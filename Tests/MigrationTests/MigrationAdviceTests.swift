// A step that is not the next one is refused with the command that is.

import Testing

@testable import Migration

@Suite("what is said of a step that is not the next one")
struct MigrationAdviceTests {
    @Test("names the command that is due")
    func next() {
        func words(_ phase: MigrationPhase, _ next: MigrationPhase, begun: Bool = true) -> String {
            phase.refusal(of: next, listener: "cache", hasBegun: begun)
        }
        #expect(
            words(.copying, .finished, begun: false).contains("has not begun: next is `fairlead migrate cache --report")
        )
        #expect(words(.copying, .rolledBack).contains("`fairlead migrate cache --cut-over`"))
        #expect(
            words(.cutOver, .cutOver).contains(
                "`fairlead migrate cache --finish`, or `fairlead migrate cache --roll-back`"))
        #expect(words(.rolledBack, .finished).hasSuffix("`fairlead migrate cache`, which begins anew"))
        #expect(words(.finished, .rolledBack).contains("remove its migrate section"))
    }
}

@Suite("what may stay behind")
struct MigrationLossTests {
    @Test("is named with the option that leaves it, and with force where there is none")
    func options() {
        #expect(MigrationLoss.options(toLeave: []) == "")
        #expect(MigrationLoss.options(toLeave: ["stream"]) == " --force")
        #expect(MigrationLoss.options(toLeave: ["ACLs of objects", "settings of buckets"]) == " --leave settings,acls")
        #expect(MigrationLoss.options(toLeave: ["objects", "storage classes"]) == " --leave storage-classes --force")
    }
}
