// The commands that leave a key as it was read.

import Testing

@testable import Gateway

@Suite("what a key holds")
struct KeyContentTests {
    @Test("a life that is about to end stays one, in every form of a value", arguments: [0, 1, 5000] as [Int64])
    func shortLives(life: Int64) {
        let key = Array("k".utf8)
        let number = Array("\(max(1, life))".utf8)
        for value in [KeyContent.Value.string([1]), .list([[1]]), .opaque([1])] {
            let commands = KeyContent(value: value, life: life).commands(for: key)
            #expect(commands.contains { $0.contains(number) }, "\(value)")
        }
        #expect(KeyContent(value: .opaque([1])).commands(for: key)[0][2] == Array("0".utf8))
    }
}
