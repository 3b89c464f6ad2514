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

    @Test("rows may come in any order where nothing numbers them, and nothing happens row by row")
    func order() throws {
        let tables = try tables([
            ["n", "item", "", ""], ["t", "note", "plpgsql", "begin return new; end"], ["f", "item", "order", "ca"],
        ])
        #expect(tables.isOrderFree("log") && tables.isOrderFree("loose"))
        for name in ["item", "note", "order", "unknown"] { #expect(!tables.isOrderFree(name), "\(name)") }
    }

    @Test("what is made is known at once, with all that its words may lead to")
    func definitions() throws {
        var tables = try tables()
        func define(_ name: String, _ text: String) -> Bool {
            let bytes = Array(text.utf8)
            return tables.define(name, key(name), PostgresReach(statement: bytes.span))
        }
        #expect(define("new", "create table new (a int references item, b text)"))
        #expect(effect(tables, "insert into new values (1)").writes.isSuperset(of: keys("new")))
        #expect(!effect(tables, "insert into new values (1)").isWide && tables.isOrderFree("new"))
        #expect(effect(tables, "delete from item").writes == keys("item", "new"))
        #expect(effect(tables, "select a from new").reads == keys("new", "item"))
        #expect(define("counted", "create table counted (a serial)") && !tables.isOrderFree("counted"))
        let change = Array("alter table log add b int generated always as identity".utf8)
        tables.change(PostgresReach(statement: change.span))
        #expect(!tables.isOrderFree("log") && tables.isOrderFree("loose"))
        var isFull = false
        for number in 0..<PostgresShadowTables.limit where !define("x\(number)", "create table x\(number) (a int)") {
            isFull = true
        }
        #expect(isFull)
    }

    @Test("what is no answer is none")
    func mistakes() {
        #expect(PostgresShadowTables([["r", "a"]], key: key) == nil)
        #expect(PostgresShadowTables([["x", "a", "", ""]], key: key) == nil)
        let many = (0...PostgresShadowTables.limit).map { ["r", "t\($0)", "public", "a"] }
        #expect(PostgresShadowTables(many, key: key) == nil)
    }
}
