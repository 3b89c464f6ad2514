// What a statement touches in a database whose tables are known.

import PostgresWire
import Testing

@testable import Gateway

@Suite("the tables of a database")
struct PostgresShadowTablesTests {
    private let names = ["order", "item", "note", "log", "loose"]

    private func tables(_ more: [[String]] = []) throws -> PostgresShadowTables {
        let rows = names.map { ["r", $0, "public", "a, b"] } + more
        return try #require(PostgresShadowTables(rows, key: key))
    }

    private func key(_ name: String) -> UInt64 { UInt64(name.utf8.reduce(7) { $0 * 31 + Int($1) }) }
    private func keys(_ names: String...) -> Set<UInt64> { Set(names.map(key)) }

    private func effect(_ tables: PostgresShadowTables, _ text: String) -> PostgresShadowTables.Effect {
        let bytes = Array(text.utf8)
        return tables.effect(
            of: PostgresReach(statement: bytes.span), writes: PostgresReading(bytes.span).kind != .read, isOwn: false)
    }

    @Test("a read reads what it names, and through views what they are made of")
    func reads() throws {
        let tables = try tables([["v", "view", "", ""], ["d", "view", "order", ""]])
        #expect(effect(tables, "select a from item, log").reads == keys("item", "log"))
        #expect(effect(tables, "select a from view").reads == keys("order"))
        #expect(effect(tables, "select 1").reads == [])
        #expect(effect(tables, "select mine(1)").reads == keys("order", "item", "note", "log", "loose"))
    }

    @Test("a write leads where foreign keys lead it, and depends on what they refer to")
    func foreignKeys() throws {
        let tables = try tables([["f", "item", "order", "ca"], ["f", "note", "order", "aa"]])
        var effect = effect(tables, "delete from \"order\"")
        #expect(effect.writes == keys("order", "item") && effect.reads.isSuperset(of: keys("note")))
        effect = self.effect(tables, "insert into item values (1)")
        #expect(effect.writes == keys("item") && effect.reads == keys("item", "order") && !effect.isWide)
        #expect(tables.list.filter(\.isLinked).count == 3)
    }

    @Test("and where triggers lead it, or anywhere where nobody knows where these lead")
    func triggers() throws {
        let tables = try tables([
            ["t", "order", "plpgsql", "begin insert into log values (1); return new; end"],
            ["t", "item", "plpgsql", "begin execute 'x'; end"], ["t", "note", "c", "f"],
        ])
        #expect(effect(tables, "update \"order\" set a = 1").writes == keys("order", "log"))
        #expect(effect(tables, "update item set a = 1").isWide && effect(tables, "update note set a = 1").isWide)
        #expect(!effect(tables, "update log set a = 1").isWide)
        #expect(effect(tables, "update unknown set a = 1").isWide && effect(tables, "do 'x'").isWide)
    }

    @Test("a partition is its table")
    func partitions() throws {
        let tables = try tables([
            ["p", "part", "", ""], ["p", "sub", "", ""], ["i", "log", "part", ""], ["i", "part", "sub", ""],
        ])
        #expect(effect(tables, "update sub set a = 1").writes == keys("log"))
        #expect(effect(tables, "select a from log").reads == keys("log"))
    }

    @Test("what is no answer is none")
    func mistakes() {
        #expect(PostgresShadowTables([["r", "a"]], key: key) == nil)
        #expect(PostgresShadowTables([["x", "a", "", ""]], key: key) == nil)
        let many = (0...PostgresShadowTables.limit).map { ["r", "t\($0)", "public", "a"] }
        #expect(PostgresShadowTables(many, key: key) == nil)
    }
}
